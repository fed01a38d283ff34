package simulate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/simulate"
)

// fixed admits while fewer than limit requests are inside.
func fixed(limit int) simulate.Guard {
	inside := 0
	return simulate.GuardFunc(func(simulate.Request) (func(bool), bool) {
		if inside >= limit {
			return nil, false
		}
		inside++
		return func(bool) { inside-- }, true
	})
}

func nop(time.Duration) {}

func TestABoundedLineServesAsQueueingTheorySays(t *testing.T) {
	// M/M/1/5 at 1.5 times the capacity: the server idles (rho-1)/(rho^6-1).
	sc := &simulate.Scenario{
		Workers: 1, Service: simulate.Exponential, Mean: 10 * time.Millisecond,
		Load: simulate.Always(1.5), Deadline: time.Hour, Length: 2000 * time.Second, Seed: 1,
	}
	got := simulate.Run(sc, fixed(5), nop).Between(0, sc.Length)
	idle := 0.5 / (11.390625 - 1)
	require.InDelta(t, (1-idle)*100, float64(got.Good)/sc.Length.Seconds(), 1)
	require.InDelta(t, 150, float64(got.Offered)/sc.Length.Seconds(), 1)
	require.Equal(t, got.Offered, got.Good+got.Refused+got.Late)
}
