package limit

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A time without end is how some say that there is no timeout.
func TestTheLongestTimeoutsLetOneProberThroughAtATime(t *testing.T) {
	for _, timeout := range []time.Duration{math.MaxInt64, math.MaxInt64 / 2, math.MaxInt64/2 + 1, maxPause} {
		synctest.Test(t, func(t *testing.T) {
			g := newTestGate(timeout, nil)
			g.fail(t)
			nextProbe(g)
			for range 100 {
				_, ok := g.enter()
				require.False(t, ok, timeout)
				time.Sleep(time.Millisecond)
			}
		})
	}
}
