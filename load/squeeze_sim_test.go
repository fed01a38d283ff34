package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// loaded returns a watch over something whose load is that of the traffic which is let
// through: all of it is demand times what it can do. It has been calm for an hour.
func loaded(demand *float64) *watch {
	var w *watch
	w = watchOver(time.Second, Signal{Name: "disk", Sheds: weir.CriticalPlus, Read: func() (float64, error) {
		return *demand * (1 - w.share(weir.CriticalPlus)), nil
	}})
	w.after(0)
	w.after(time.Hour)
	return w
}

// How many polls it takes depends on demand alone, not on how long ago the last was.
func TestSqueezeIsRightWithinAFewPolls(t *testing.T) {
	for _, gap := range []time.Duration{pause, time.Second, time.Minute} {
		for demand, polls := range map[float64]int{1: 1, 1.05: 3, 1.1: 3, 1.3: 3, 1.5: 3, 2: 3, 3: 3, 4: 4, 10: 4, 1000: 4} {
			now := 0.9
			w := loaded(&now)
			require.Zero(t, w.share(weir.CriticalPlus))
			now = demand
			for i := range polls {
				require.GreaterOrEqual(t, demand*(1-w.share(weir.CriticalPlus)), 1.0, "demand %g, %d polls", demand, i)
				w.after(gap)
			}
			right := 1 - 1/demand
			require.Greater(t, w.share(weir.CriticalPlus), right-0.01, "demand %g", demand)
			require.Less(t, w.share(weir.CriticalPlus), right+0.25, "demand %g", demand)
		}
	}
}

func TestSqueezeStaysAboutRightWhileTheOverloadLasts(t *testing.T) {
	for _, demand := range []float64{1.1, 1.5, 2, 4} {
		now := demand
		w := loaded(&now)
		passed := 0.0
		for range 400 {
			w.after(pause)
			passed += demand * (1 - w.share(weir.CriticalPlus))
		}
		require.InDelta(t, 1, passed/400, 0.05, "demand %g", demand)
	}
}
