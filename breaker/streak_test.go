package breaker

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStreakTellsItsLengthAndAge(t *testing.T) {
	var s streak
	for i, at := range []time.Duration{0, 0, 3 * time.Millisecond, time.Second, time.Hour} {
		length, lasted := s.extend(int64(at))
		require.Equal(t, uint32(i+1), length)
		require.Equal(t, at, lasted)
	}
	s.end()
	length, lasted := s.extend(int64(2 * time.Hour))
	require.Equal(t, uint32(1), length)
	require.Zero(t, lasted)
	_, lasted = s.extend(int64(time.Hour)) // a failure that read the clock earlier
	require.Zero(t, lasted)
}

func TestStreakStopsGrowingInsteadOfOverflowing(t *testing.T) {
	var s streak
	began := uint64(time.Hour / time.Millisecond)
	s.word.Store(began<<streakBits | (1<<streakBits - 2))
	for range 3 {
		length, lasted := s.extend(int64(2 * time.Hour))
		require.Equal(t, uint32(1<<streakBits-1), length)
		require.Equal(t, time.Hour, lasted)
	}
}

func TestStreakLosesNoFailure(t *testing.T) {
	var s streak
	together(func(int) {
		for range 500 {
			s.extend(int64(time.Second))
		}
	})
	length, _ := s.extend(int64(time.Second))
	require.Equal(t, uint32(writers*500+1), length)
}

// needed returns how long a streak must be to open the breaker, after a past of so
// many successes and failures.
func needed(o *Options, worked, broke int) int {
	for streak := 1; ; streak++ {
		if o.improbable(uint32(streak), history{accepted: float64(worked), failed: float64(broke + streak)}) {
			return streak
		}
	}
}

func TestStreakThatOpensDependsOnTheErrorsBefore(t *testing.T) {
	o := defaults(nil)
	require.Equal(t, 10, needed(o, 0, 0), "nothing known")
	require.LessOrEqual(t, needed(o, 50, 0), 10)
	require.LessOrEqual(t, needed(o, 2000, 0), 5)
	require.Greater(t, needed(o, 35, 15), 10)
	require.Greater(t, needed(o, 1400, 600), 15)

	last := 0
	for broke := range 90 { // the worse it was before, the longer the streak must be
		n := needed(o, 100-broke, broke)
		require.GreaterOrEqual(t, n, last)
		last = n
	}
	rare, common := *o, *o
	rare.TripOdds, common.TripOdds = 1e-12, 1e-2
	require.Greater(t, needed(&rare, 50, 5), needed(o, 50, 5))
	require.Less(t, needed(&common, 50, 5), needed(o, 50, 5))
}

func TestLongerStreakIsNeverMoreProbable(t *testing.T) {
	o := defaults(nil)
	rng := rand.New(rand.NewPCG(9, 10))
	for range 150 {
		worked, broke := rng.IntN(300), rng.IntN(300)
		for streak, first := 1, needed(o, worked, broke); streak < first+200; streak++ {
			h := history{accepted: float64(worked), failed: float64(broke + streak)}
			require.Equal(t, streak >= first, o.improbable(uint32(streak), h))
		}
	}
}

func TestStreakLongerThanTheWindowOpens(t *testing.T) {
	o := defaults(nil)
	require.True(t, o.improbable(1000, history{failed: 10}))
	require.True(t, o.improbable(1<<streakBits-1, history{}))
	require.False(t, o.improbable(5, history{}))
}

// falseTrips counts how often the streak rules would open the breaker in so many
// calls of which 30 % fail, where the window holds the last n calls.
func falseTrips(o *Options, n, calls int) (trips int) {
	rng := rand.New(rand.NewPCG(11, uint64(n)))
	last := make([]bool, n) // whether they failed
	var h history
	streak := 0
	for i := range calls {
		at := i % n
		switch {
		case i < n:
		case last[at]:
			h.failed--
		default:
			h.accepted--
		}
		if last[at] = rng.Float64() < 0.3; last[at] {
			h.failed++
			streak++
		} else {
			h.accepted++
			streak = 0
		}
		if streak >= o.TripAfter && o.improbable(uint32(streak), h) {
			trips++
			streak = 0
		}
	}
	return trips
}

// Where the window is well filled, the rate is known well enough that 30 % errors
// never open the breaker. Where it holds only a few calls, ten failures in a row
// have to do, which chance produces too, but rarely.
func TestThirtyPercentErrorsAreNoStreak(t *testing.T) {
	for _, c := range []struct{ window, calls, most int }{
		{window: 5, calls: 1_000_000, most: 20},
		{window: 10, calls: 1_000_000, most: 20},
		{window: 20, calls: 1_000_000, most: 30},
		{window: 50, calls: 1_000_000, most: 5},
		{window: 500, calls: 10_000_000, most: 0},
		{window: 2000, calls: 10_000_000, most: 0},
	} {
		t.Run(fmt.Sprintf("%d calls per window", c.window), func(t *testing.T) {
			require.LessOrEqual(t, falseTrips(defaults(nil), c.window, c.calls), c.most)
		})
	}
}
