package admission_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/admission"
	"github.com/weirgo/weir/bench/internal/suite"
)

// A benchmark that does not do what its line says is worthless: each contender
// is measured twice for a moment, and complains if it did not admit where it
// should, or refuse where it should.
func TestEveryContenderDoesTheWorkOfItsLine(t *testing.T) {
	for _, line := range admission.Suite().Lines {
		for _, c := range line.Contenders {
			t.Run(line.Name+"/"+c.Name, func(t *testing.T) {
				subject := c.New()
				for _, cpus := range []int{1, 2} {
					s, err := subject.Measure(suite.Setting{CPUs: cpus, Time: time.Millisecond})
					require.NoError(t, err)
					require.Positive(t, s.NsPerOp+s.HeapBytes)
				}
			})
		}
	}
}

func TestEveryLineHasATarget(t *testing.T) {
	for _, line := range admission.Suite().Lines {
		require.NotEmpty(t, line.Targets, line.Name)
	}
}
