package breaker_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/breaker"
)

func TestStreakOfFailuresOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		require.Equal(t, 10, open(t, b), "who knows nothing yet needs ten failures")
		require.Equal(t, uint64(1), b.Stats().Trips)
		require.ErrorIs(t, b.Do(t.Context(), succeed), breaker.ErrOpen)
		require.Equal(t, 1.0, b.Stats().DropRatio)
	})
}

func TestStreakAfterManySuccessesOpensSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		require.Equal(t, 2000, times(2000, b, succeed))
		require.LessOrEqual(t, open(t, b), 6)
	})
}

func TestStreakMustLastForTripDelay(t *testing.T) {
	for _, c := range []struct{ option, delay time.Duration }{
		{0, 250 * time.Millisecond}, // a bucket
		{time.Second, time.Second},
		{-1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			// Protection keeps the throttle out of it.
			b := breaker.New(breaker.Options{TripDelay: c.option, Protection: 1000})
			if c.delay > 0 {
				require.Equal(t, 100, times(100, b, fail))
				time.Sleep(c.delay - time.Millisecond)
				require.Equal(t, 100, times(100, b, fail))
				require.Equal(t, breaker.Closed, b.State(), "only for %v", c.delay-time.Millisecond)
				time.Sleep(time.Millisecond)
				require.Equal(t, 1, times(100, b, fail))
			} else {
				require.Equal(t, 10, times(100, b, fail))
			}
			require.Equal(t, breaker.Open, b.State())
		})
	}
}

func TestStreakMustBeAsLongAsTripAfter(t *testing.T) {
	for _, c := range []struct{ option, calls int }{{0, 5}, {5, 5}, {17, 17}} {
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(breaker.Options{TripAfter: c.option, TripOdds: 1, TripDelay: -1, Protection: 1000})
			require.Equal(t, c.calls, open(t, b))
		})
	}
}

func TestOneSuccessEndsTheStreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{TripOdds: 1, Protection: 1000})
		for range 100 {
			require.Equal(t, 4, times(4, b, fail))
			time.Sleep(time.Second)
			require.Equal(t, 1, times(1, b, succeed))
		}
		require.Zero(t, b.Stats().Trips)
	})
}

func TestNegativeTripAfterNeverOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{TripAfter: -1})
		for range 200 {
			_ = times(10, b, fail)
			time.Sleep(100 * time.Millisecond)
			require.NotEqual(t, breaker.Open, b.State())
		}
		require.Equal(t, breaker.Throttling, b.State())
		require.Zero(t, b.Stats().Trips)
		require.Greater(t, b.Stats().DropRatio, 0.9)
	})
}

// More failures than a machine can make do not fit where the length of a streak is
// kept: so many never open the breaker, rather than the first.
func TestAbsurdTripAfterNeverOpens(t *testing.T) {
	for _, absurd := range []int{1 << 24, math.MaxInt32, math.MaxInt, max(1<<24, math.MaxInt>>32<<32)} {
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(breaker.Options{TripAfter: absurd, TripOdds: 1, TripDelay: -1, Protection: 1000})
			_ = times(500, b, fail)
			require.Equal(t, breaker.Closed, b.State())
		})
	}
}

// Chance produces streaks over time; what is older than the window says nothing.
func TestFourFailuresNeverRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{TripOdds: 1, TripDelay: -1})
		require.Equal(t, 4, times(4, b, fail))
		require.Equal(t, 1000, times(1000, b, succeed))
		require.Equal(t, 4, times(4, b, fail))
		require.Equal(t, breaker.Closed, b.State())
	})
}

func TestTripHappensOnceWhoeverFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{TripDelay: -1, Protection: 1000})
		together(64, func(int) {
			for range 50 {
				_ = b.Do(t.Context(), after(time.Millisecond, errDown))
			}
		})
		require.Equal(t, breaker.Open, b.State())
		require.Equal(t, uint64(1), b.Stats().Trips)
	})
}
