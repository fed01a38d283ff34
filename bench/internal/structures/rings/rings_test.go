package rings_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/structures/rings"
	"github.com/weirgo/weir/bench/internal/suite"
)

var small = rings.Scale{Keys: 1000, Asked: 1 << 8, Many: 20, Calls: 100}

// A benchmark that does not do what its line says is worthless: each contender
// complains if a key has no node, or one that was removed.
func TestEveryContenderDoesTheWorkOfItsLine(t *testing.T) {
	for _, line := range rings.Lines(small) {
		require.NotEmpty(t, line.Targets, line.Name)
		for _, c := range line.Contenders {
			t.Run(line.Name+"/"+c.Name, func(t *testing.T) {
				subject := c.New()
				for _, n := range []int{1, 2} {
					s, err := subject.Measure(suite.Setting{CPUs: n, Time: time.Millisecond})
					require.NoError(t, err)
					for _, name := range line.Metrics {
						require.Contains(t, s.Metrics, name)
					}
				}
			})
		}
	}
}
