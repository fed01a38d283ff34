package fx_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

// extremes returns the least and the greatest of many pauses.
func extremes(b fx.Backoff, n int, previous time.Duration) (low, high time.Duration) {
	low = math.MaxInt64
	for range 5000 {
		p := b.Pause(n, previous)
		low, high = min(low, p), max(high, p)
	}
	return low, high
}

func requireAbout(t *testing.T, want, got time.Duration, bound time.Duration) {
	t.Helper()
	require.InDelta(t, float64(want), float64(got), float64(bound)/100)
}

func TestFullJitterSpreadsFromNothingToABoundThatDoubles(t *testing.T) {
	b := fx.Backoff{Base: time.Second, Max: 10 * time.Second}
	for n, bound := range []time.Duration{1: 1, 2: 2, 3: 4, 4: 8, 5: 10, 6: 10, 64: 10, 1000: 10} {
		if bound == 0 {
			continue
		}
		bound *= time.Second
		low, high := extremes(b, n, 0)
		require.LessOrEqual(t, high, bound)
		requireAbout(t, 0, low, bound)
		requireAbout(t, bound, high, bound)
	}
}

func TestDecorrelatedJitterSpreadsFromTheBaseToThreeTimesThePauseBefore(t *testing.T) {
	b := fx.Backoff{Base: time.Second, Max: 20 * time.Second, Jitter: fx.DecorrelatedJitter}
	for previous, bound := range map[time.Duration]time.Duration{0: 3, 1: 3, 2: 6, 6: 18, 7: 20, 20: 20} {
		low, high := extremes(b, 3, previous*time.Second)
		bound *= time.Second
		require.GreaterOrEqual(t, low, time.Second)
		require.LessOrEqual(t, high, bound)
		requireAbout(t, time.Second, low, bound)
		requireAbout(t, bound, high, bound)
	}
}

func TestWithoutJitterPausesDouble(t *testing.T) {
	b := fx.Backoff{Base: time.Second, Max: 10 * time.Second, Jitter: fx.NoJitter}
	for i, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		require.Equal(t, want*time.Second, b.Pause(i+1, 0))
	}
	require.Equal(t, 100*time.Millisecond, fx.Backoff{Jitter: fx.NoJitter}.Pause(1, 0))
	require.Equal(t, 10*time.Second, fx.Backoff{Jitter: fx.NoJitter}.Pause(100, 0))
	require.Equal(t, time.Minute, fx.Backoff{Base: time.Minute, Jitter: fx.NoJitter}.Pause(9, 0), "Max grows with Base")
	require.Zero(t, fx.Backoff{Base: -1, Jitter: fx.NoJitter}.Pause(9, 0))
}

func TestPausesOfTheLargestBackoffDoNotOverflow(t *testing.T) {
	for j := fx.FullJitter; j <= fx.NoJitter; j++ {
		for _, base := range []time.Duration{1, math.MaxInt64/2 + 1, math.MaxInt64} {
			b := fx.Backoff{Base: base, Max: math.MaxInt64, Jitter: j}
			for n := 1; n < 100; n++ {
				require.GreaterOrEqual(t, b.Pause(n, math.MaxInt64), time.Duration(0))
			}
		}
	}
}

func TestImpossibleBackoffs(t *testing.T) {
	for _, b := range []fx.Backoff{
		{Max: -1},
		{Base: 2, Max: 1},
		{Max: time.Millisecond}, // less than the default of Base
		{Jitter: 3},
	} {
		require.ErrorContains(t, b.Validate(), "fx: ")
		require.Panics(t, func() { b.Pause(1, 0) })
	}
	require.NoError(t, fx.Backoff{}.Validate())
	require.NoError(t, fx.Backoff{Base: -1, Max: 1}.Validate())
	require.Equal(t, "jitter(3)", fx.Jitter(3).String())
}
