package weirredis_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

var newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// What the client believes the time to be does not matter, here 2000 and 2100.
func TestCalendarFollowsTheServersClock(t *testing.T) {
	s, m, c := embedded(t)
	var sent calls
	c.AddHook(&sent)
	w := limit.Window{Quota: 2, Period: 24 * time.Hour, Align: zone(t, "Europe/Berlin")}
	for _, clock := range []time.Time{
		time.Date(2000, 6, 1, 21, 59, 0, 0, time.UTC), time.Date(2099, 6, 1, 21, 59, 0, 0, time.UTC), time.Now(),
	} {
		m.SetTime(clock)
		sent.names = nil
		taken, err := s.TakeWindow(context.Background(), clock.String(), 1, w)
		require.NoError(t, err)
		_, end := w.Bounds(clock)
		require.InDelta(t, end.Sub(clock), taken.Reset, float64(time.Microsecond))
		asked := 1
		if time.Since(clock).Abs() > 48*time.Hour {
			asked = 2
		}
		require.GreaterOrEqual(t, len(sent.names), asked)
		require.LessOrEqual(t, len(sent.names), asked+1, "EVAL, the first time")
	}
}

func TestClockThatGoesBackMakesNoEvents(t *testing.T) {
	for _, back := range []time.Duration{time.Second, time.Minute, time.Hour, 365 * 24 * time.Hour} {
		s, m, _ := embedded(t)
		ctx := context.Background()
		buckets := []limit.Bucket{{Rate: limit.PerSecond(1), Burst: 10}}
		windows := map[string]limit.Window{
			"fixed": {Quota: 5, Period: time.Hour}, "sliding": {Quota: 5, Period: time.Hour, Sliding: true},
		}
		m.SetTime(newYear)
		_, err := s.TakeTokens(ctx, "a", 10, 0, buckets)
		require.NoError(t, err)
		for key, w := range windows {
			_, err := s.TakeWindow(ctx, key, 5, w)
			require.NoError(t, err)
		}

		m.SetTime(newYear.Add(-back))
		for range 3 {
			taken, err := s.TakeTokens(ctx, "a", 1, 0, buckets)
			require.NoError(t, err)
			require.Equal(t, limit.Taken{Limit: 10, Wait: taken.Wait, Reset: taken.Reset}, taken)
			lag := back // it stands still until it has caught up, but at most for a minute
			if back > time.Minute {
				lag = 0
			}
			require.Equal(t, lag+time.Second, taken.Wait)
			require.Equal(t, lag+10*time.Second, taken.Reset)
			for key, w := range windows {
				taken, err := s.TakeWindow(ctx, key, 1, w)
				require.NoError(t, err)
				require.False(t, taken.OK)
				require.LessOrEqual(t, taken.Wait, lag+w.Period*17/16)
			}
		}
		// Where the levels moved to the new clock, they run out by it.
		m.SetTime(newYear.Add(-back).Add(10 * time.Second))
		taken, err := s.TakeTokens(ctx, "a", 1, 0, buckets)
		require.NoError(t, err)
		require.Equal(t, back > time.Minute || back < 10*time.Second, taken.OK)
	}
}

func TestReservationsWaitForAClockThatIsBehind(t *testing.T) {
	s, m, _ := embedded(t)
	buckets := []limit.Bucket{{Rate: limit.PerSecond(1), Burst: 1}}
	take := func(at time.Duration, within time.Duration) limit.Taken {
		m.SetTime(newYear.Add(at))
		taken, err := s.TakeTokens(context.Background(), "a", 1, within, buckets)
		require.NoError(t, err)
		require.True(t, taken.Wait <= within || !taken.OK)
		return taken
	}
	require.True(t, take(0, 0).OK)
	require.Equal(t, 6*time.Second, take(-5*time.Second, 5*time.Second).Wait)
	require.False(t, take(-5*time.Second, 5999999*time.Microsecond).OK)
	require.True(t, take(-5*time.Second, 6*time.Second).OK)
	require.Equal(t, limit.Taken{OK: false, Limit: 1, Wait: 2 * time.Second, Reset: 2 * time.Second}, take(0, 0))
}

func TestNumbersStayExactUntil2100(t *testing.T) {
	if !wide {
		t.Skip("miniredis cannot keep anything for so long here")
	}
	s, m, _ := embedded(t)
	century := limit.Rate{Events: 1, Per: 100 * 365 * 24 * time.Hour}
	at := time.Date(2099, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	m.SetTime(at)
	ctx := context.Background()
	taken, err := s.TakeTokens(ctx, "a", 1, 0, []limit.Bucket{{Rate: century, Burst: 1}})
	require.NoError(t, err)
	require.Equal(t, limit.Taken{OK: true, Limit: 1, Reset: century.Per}, taken)
	m.SetTime(at.Add(century.Per - time.Microsecond))
	taken, err = s.TakeTokens(ctx, "a", 1, 0, []limit.Bucket{{Rate: century, Burst: 1}})
	require.NoError(t, err)
	require.Equal(t, limit.Taken{Limit: 1, Wait: time.Microsecond, Reset: time.Microsecond}, taken)

	// As much as can be said at all: no event more, few less.
	most := []limit.Bucket{{Rate: limit.Rate{Events: 1<<31 - 1, Per: 1}, Burst: 1<<31 - 1}, {Rate: limit.Rate{Events: 1, Per: 1<<62 - 1}, Burst: 1}}
	for _, b := range most {
		taken, err := s.TakeTokens(ctx, b.Rate.String(), b.Burst, time.Duration(1<<63-1), []limit.Bucket{b})
		require.NoError(t, err)
		require.True(t, taken.OK)
		require.Zero(t, taken.Remaining)
		taken, err = s.TakeTokens(ctx, b.Rate.String(), -b.Burst, 0, []limit.Bucket{b})
		require.NoError(t, err)
		require.Equal(t, limit.Taken{OK: true, Limit: b.Burst, Remaining: b.Burst}, taken)
	}
}
