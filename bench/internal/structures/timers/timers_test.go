package timers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/structures/timers"
	"github.com/weirgo/weir/bench/internal/suite"
)

var small = timers.Scale{Pending: 1 << 18, Firing: 500, Earliest: 20 * time.Millisecond, Idle: 20 * time.Millisecond}

// A benchmark that does not do what its line says is worthless: each contender
// complains if timers get lost, or do not fire.
func TestEveryContenderDoesTheWorkOfItsLine(t *testing.T) {
	for _, line := range timers.Lines(small) {
		require.NotEmpty(t, line.Targets, line.Name)
		for _, c := range line.Contenders {
			t.Run(line.Name+"/"+c.Name, func(t *testing.T) {
				s, err := c.New().Measure(suite.Setting{CPUs: 2, Time: time.Millisecond})
				require.NoError(t, err)
				for _, name := range line.Metrics {
					require.Contains(t, s.Metrics, name)
				}
			})
		}
	}
}
