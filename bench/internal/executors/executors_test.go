package executors_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/executors"
	"github.com/weirgo/weir/bench/internal/suite"
)

var small = executors.Scale{Dropped: 10, Waits: 3, Interval: 2 * time.Millisecond}

func TestEveryContenderDoesTheWorkOfItsLine(t *testing.T) {
	names := make(map[string]bool)
	for _, line := range executors.Lines(small) {
		require.False(t, names[line.Name], line.Name)
		names[line.Name] = true
		require.NotEmpty(t, line.Targets, line.Name)
		for _, c := range line.Contenders {
			t.Run(line.Name+"/"+c.Name, func(t *testing.T) {
				subject := c.New()
				for _, n := range []int{1, 2} {
					s, err := subject.Measure(suite.Setting{CPUs: n, Time: 2 * time.Millisecond})
					require.NoError(t, err)
					for _, m := range line.Metrics {
						require.Contains(t, s.Metrics, m)
					}
					if len(line.Metrics) == 0 {
						require.Positive(t, s.NsPerOp)
					}
				}
			})
		}
	}
}

func TestTargetsNameWhoIsMeasured(t *testing.T) {
	options := suite.Options{Rounds: 1, Time: time.Millisecond, CPUs: []int{1}}
	result, err := suite.Run(suite.Suite{Lines: executors.Lines(small)}, options, func(suite.Block) {})
	require.NoError(t, err)
	require.Positive(t, result.Total)
}
