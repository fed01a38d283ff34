package filters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/structures/filters"
	"github.com/weirgo/weir/bench/internal/suite"
)

var small = filters.Scale{Keys: 1 << 12, Small: 100, Probes: 20_000}

// A benchmark that does not do what its line says is worthless: each contender
// complains if it finds what it should not, or does not find what it should.
func TestEveryContenderDoesTheWorkOfItsLine(t *testing.T) {
	for _, line := range filters.Lines(small) {
		require.NotEmpty(t, line.Targets, line.Name)
		cpus := line.CPUs
		if cpus == nil {
			cpus = []int{1, 2}
		}
		for _, c := range line.Contenders {
			t.Run(line.Name+"/"+c.Name, func(t *testing.T) {
				subject := c.New()
				for _, n := range cpus {
					s, err := subject.Measure(suite.Setting{CPUs: n, Time: time.Millisecond})
					require.NoError(t, err)
					require.Positive(t, s.NsPerOp+s.Metrics["bits/key"])
				}
			})
		}
	}
}
