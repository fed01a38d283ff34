package breaker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

func TestForcedOpenRefusesEverythingForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		b.Force(breaker.ForcedOpen)
		for range 100 {
			require.Equal(t, breaker.ForcedOpen, b.State())
			require.ErrorIs(t, b.Do(t.Context(), succeed), breaker.ErrOpen)
			require.Zero(t, b.RetryAfter(), "nobody knows")
			time.Sleep(time.Minute) // neither probes nor silence end it
		}
		require.Equal(t, uint64(100), b.Stats().Refused)
		require.Equal(t, 1.0, b.Stats().DropRatio)
		require.Zero(t, b.Stats().Trips)
	})
}

func TestForcedOpenIgnoresProbesOfTheOpenBreakerBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		open(t, b)
		b.Force(breaker.ForcedOpen)
		for range 100 {
			time.Sleep(time.Second)
			require.Zero(t, times(3, b, succeed))
		}
	})
}

func TestDisabledAdmitsEverythingAndLearnsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{SlowCall: time.Millisecond})
		b.Force(breaker.Disabled)
		require.Equal(t, 1000, times(1000, b, fail))
		require.Equal(t, 1000, times(1000, b, succeed))
		require.Equal(t, 10, times(10, b, after(time.Second, nil)))
		require.Equal(t, 10, times(10, b, func(context.Context) error { return context.Canceled }))
		for o := weir.Success; o <= weir.Overloaded; o++ {
			p, err := b.Allow(t.Context())
			require.NoError(t, err)
			p.Done(o)
		}
		require.Equal(t, breaker.Stats{State: breaker.Disabled}, b.Stats())
		b.Force(breaker.Closed)
		require.Equal(t, breaker.Stats{State: breaker.Closed}, b.Stats())
	})
}

func TestDisabledAdmitsAlsoWhereItWasOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		open(t, b)
		b.Force(breaker.Disabled)
		require.Equal(t, 1000, times(1000, b, fail))
	})
}

func TestDryRunAdmitsEverythingAndCountsWhatItSpared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		b.Force(breaker.DryRun)
		for range 40 {
			require.Equal(t, 50, times(50, b, fail))
			time.Sleep(50 * time.Millisecond)
			require.Equal(t, breaker.DryRun, b.State())
		}
		st := b.Stats()
		require.Equal(t, uint64(2000), st.Failed)
		require.Equal(t, uint64(1), st.Trips)
		require.Zero(t, st.Refused)
		require.Zero(t, st.DropRatio)
		require.Greater(t, st.Spared, uint64(1000))
		require.Less(t, st.Spared, uint64(2000))

		require.Equal(t, 1000, times(1000, b, succeed), "recovery as well")
		time.Sleep(20 * time.Second)
		spared := b.Stats().Spared
		require.Equal(t, 1000, times(1000, b, succeed))
		require.Equal(t, spared, b.Stats().Spared)
	})
}

func TestDryRunSparesThrottledCallsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{TripAfter: -1})
		b.Force(breaker.DryRun)
		require.Equal(t, 5000, times(5000, b, fail))
		st := b.Stats()
		require.Positive(t, st.Spared)
		require.Zero(t, st.Refused)
		require.Equal(t, uint64(5000), st.Failed)
	})
}

func TestForcedClosedForgetsThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, from := range []breaker.State{
			breaker.Closed, breaker.Throttling, breaker.Open, breaker.ForcedOpen, breaker.Disabled, breaker.DryRun,
		} {
			b := breaker.New(breaker.Options{})
			switch from {
			case breaker.Closed:
				require.Equal(t, 9, times(9, b, fail))
				time.Sleep(time.Second)
			case breaker.Throttling:
				throttle(t, b)
			default:
				open(t, b)
				b.Force(from)
			}
			require.Equal(t, from, b.State())
			b.Force(breaker.Closed)
			require.Equal(t, breaker.Closed, b.State())
			require.Equal(t, 5, times(5, b, fail), "from %v", from)
			require.Equal(t, 500, times(500, b, succeed), "from %v", from)
		}
	})
}

func TestForcedOpenStateProbesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, from := range []breaker.State{
			breaker.Closed, breaker.Open, breaker.ForcedOpen, breaker.Disabled, breaker.DryRun,
		} {
			b := breaker.New(breaker.Options{})
			b.Force(from)
			b.Force(breaker.Open)
			require.Equal(t, breaker.Open, b.State())
			require.Zero(t, times(10, b, succeed))
			require.Equal(t, time.Second, b.RetryAfter())
			time.Sleep(time.Second)
			closeByProbes(t, b)
		}
	})
}

// However long ago it opened by itself, a breaker that somebody opens is open now.
func TestForceOpenStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, meanwhile := range []breaker.State{breaker.Open, breaker.ForcedOpen, breaker.Disabled, breaker.DryRun} {
			b := breaker.New(breaker.Options{})
			open(t, b)
			if meanwhile != breaker.Open {
				b.Force(meanwhile)
			}
			time.Sleep(time.Hour)
			b.Force(breaker.Open)
			require.Equal(t, breaker.Open, b.State(), "after %v", meanwhile)
			require.Equal(t, time.Second, b.RetryAfter())
		}
	})
}

func TestForceIsAnnouncedOncePerChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		states := []breaker.State{
			breaker.Closed, breaker.Open, breaker.ForcedOpen, breaker.Disabled, breaker.DryRun,
		}
		for _, from := range states {
			for _, to := range states {
				var j journal
				b := breaker.New(breaker.Options{OnStateChange: j.note})
				want := []breaker.State{}
				for _, s := range []breaker.State{from, to} {
					b.Force(s)
					b.Force(s)
					if s != b.State() {
						t.Fatalf("%v instead of %v", b.State(), s)
					}
				}
				if from != breaker.Closed {
					want = append(want, from)
				}
				if to != from {
					want = append(want, to)
				}
				require.ElementsMatch(t, want, j.states(t), "from %v to %v", from, to)
			}
		}
	})
}

func TestForceOfWhatCannotBeForcedPanics(t *testing.T) {
	b := breaker.New(breaker.Options{})
	b.Force(breaker.DryRun)
	require.PanicsWithValue(t, "breaker: cannot force the state throttling", func() { b.Force(breaker.Throttling) })
	require.PanicsWithValue(t, "breaker: cannot force the state state(9)", func() { b.Force(9) })
	require.Equal(t, breaker.DryRun, b.State(), "and changes nothing")
}
