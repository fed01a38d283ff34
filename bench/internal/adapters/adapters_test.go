package adapters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/adapters"
	"github.com/weirgo/weir/bench/internal/suite"
)

// Each contender is measured for a moment, and complains if it did other work than
// its line is about.
func TestEveryContenderDoesTheWorkOfItsLine(t *testing.T) {
	for _, line := range adapters.Suite().Lines {
		for _, c := range line.Contenders {
			t.Run(line.Name+"/"+c.Name, func(t *testing.T) {
				subject := c.New()
				if c, ok := subject.(interface{ Close() }); ok {
					defer c.Close()
				}
				for _, cpus := range []int{1, 2} {
					s, err := subject.Measure(suite.Setting{CPUs: cpus, Time: time.Millisecond})
					require.NoError(t, err)
					require.Positive(t, s.NsPerOp)
				}
			})
		}
	}
}

func TestEveryLineHasATarget(t *testing.T) {
	for _, line := range adapters.Suite().Lines {
		require.NotEmpty(t, line.Targets, line.Name)
	}
}
