package backoff_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/backoff"
)

func TestPausesDoubleUpToTheLimit(t *testing.T) {
	for i, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		require.Equal(t, want, backoff.Doubled(1, 10, i+1))
	}
	require.EqualValues(t, 10, backoff.Doubled(1, 10, 64))
	require.EqualValues(t, 10, backoff.Doubled(1, 10, 1_000_000))
	require.EqualValues(t, int64(1<<62), backoff.Doubled(1, math.MaxInt64, 63))
	require.EqualValues(t, int64(math.MaxInt64), backoff.Doubled(1, math.MaxInt64, 64))
}

// drawn returns which values come up at all.
func drawn(draw func() time.Duration) map[time.Duration]bool {
	seen := map[time.Duration]bool{}
	for range 5000 {
		seen[draw()] = true
	}
	return seen
}

func upTo(low, high time.Duration) map[time.Duration]bool {
	all := map[time.Duration]bool{}
	for d := low; d <= high; d++ {
		all[d] = true
	}
	return all
}

func TestFullJitterDrawsAnythingFromNothingToTheBound(t *testing.T) {
	require.Equal(t, upTo(0, 8), drawn(func() time.Duration { return backoff.Full(2, 20, 3) }))
	require.Equal(t, upTo(0, 20), drawn(func() time.Duration { return backoff.Full(2, 20, 9) }))
	require.Equal(t, upTo(0, 1), drawn(func() time.Duration { return backoff.Full(1, 1, 1) }))
}

func TestDecorrelatedJitterDrawsFromTheBaseToThreeTimesThePauseBefore(t *testing.T) {
	for previous, high := range map[time.Duration]time.Duration{0: 6, 2: 6, 3: 9, 6: 18, 7: 20, 20: 20} {
		require.Equal(t, upTo(2, high), drawn(func() time.Duration { return backoff.Decorrelated(2, 20, previous) }))
	}
}

func TestTheLongestPausesDoNotOverflow(t *testing.T) {
	for n := 1; n < 100; n++ {
		require.GreaterOrEqual(t, backoff.Full(math.MaxInt64, math.MaxInt64, n), time.Duration(0))
		require.Positive(t, backoff.Decorrelated(1, math.MaxInt64, math.MaxInt64))
	}
}
