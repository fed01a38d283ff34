package weirredis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirredis"
)

// While a new version is rolled out, limiters with old and new rates share keys.
func TestLimitersWithDifferentRatesAdmitNoMoreThanTheMostGenerousOne(t *testing.T) {
	s, m, _ := embedded(t)
	m.ClockTTL(true)
	rng := rand.New(rand.NewPCG(5, 6))
	for key := range 40 {
		checkSharedKey(t, s, m, rng, fmt.Sprint(key))
	}
}

func checkSharedKey(t *testing.T, s *weirredis.Store, m *miniredis.Miniredis, rng *rand.Rand, key string) {
	type event struct {
		at int64 // microseconds
		n  int
	}
	var events []event
	var limits [][]limit.Bucket
	burst, rate := 0, 0.0 // the largest, the fastest in events per microsecond
	for range 2 {
		b := limit.Bucket{Rate: oddRates[rng.IntN(3)], Burst: 1 + rng.IntN(50)}
		limits = append(limits, []limit.Bucket{b})
		burst = max(burst, b.Burst)
		rate = max(rate, float64(b.Rate.Events)/float64(b.Rate.Per.Microseconds()))
	}
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	for range 60 {
		m.SetTime(time.UnixMicro(clock))
		b := limits[rng.IntN(2)]
		n := rng.IntN(b[0].Burst + 1)
		taken, err := s.TakeTokens(context.Background(), key, n, 0, b)
		require.NoError(t, err)
		if taken.OK {
			events = append(events, event{clock, n})
		}
		// However much the other one holds, this one sees a full bucket at most.
		full := time.Duration(b[0].Burst) * b[0].Rate.Per / time.Duration(b[0].Rate.Events)
		require.LessOrEqual(t, taken.Reset, full+time.Microsecond, "%v", limits)
		clock += rng.Int64N(3_000_000) * int64(rng.IntN(2))
	}
	for i := range events {
		sum := 0
		for _, e := range events[i:] {
			sum += e.n
			most := float64(burst) + rate*float64(e.at-events[i].at) + 1e-6
			require.LessOrEqual(t, float64(sum), most, "%v: %v", limits, events[i:])
		}
	}
}

func TestTighterRateIsNotLockedOutByWhatTheLooserOneAdmitted(t *testing.T) {
	s, m, _ := embedded(t)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m.SetTime(start)
	ctx := context.Background()
	loose := []limit.Bucket{{Rate: limit.PerSecond(1000), Burst: 1000}}
	tight := []limit.Bucket{{Rate: limit.PerMinute(1), Burst: 1}}
	taken, err := s.TakeTokens(ctx, "a", 1000, 0, loose)
	require.NoError(t, err)
	require.True(t, taken.OK)

	taken, err = s.TakeTokens(ctx, "a", 1, 0, tight)
	require.NoError(t, err)
	require.Equal(t, limit.Taken{Limit: 1, Wait: time.Minute, Reset: time.Minute}, taken, "a minute, not 1000")
	m.SetTime(start.Add(500 * time.Millisecond))
	taken, err = s.TakeTokens(ctx, "a", 0, 0, loose)
	require.NoError(t, err)
	require.Equal(t, 500, taken.Remaining, "and the looser one is not touched")
}

func TestWindowOfAnotherPeriodGoesOnUntilTheLaterEnd(t *testing.T) {
	s, m, _ := embedded(t)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	take := func(at time.Duration, w limit.Window) limit.Taken {
		m.SetTime(start.Add(at))
		taken, err := s.TakeWindow(context.Background(), "a", 1, w)
		require.NoError(t, err)
		return taken
	}
	perMinute, perHour := limit.Window{Quota: 3, Period: time.Minute}, limit.Window{Quota: 5, Period: time.Hour}
	require.Equal(t, 2, take(0, perMinute).Remaining)
	require.Equal(t, 3, take(time.Second, perHour).Remaining)
	require.Equal(t, 0, take(2*time.Minute, perMinute).Remaining, "the hour's events count")
	require.Equal(t, 57*time.Minute, take(3*time.Minute, perMinute).Wait)
	require.Equal(t, 2, take(time.Hour, perMinute).Remaining)
}

func TestSlidingWindowsUseTheLongerPeriodWhileItIsInUse(t *testing.T) {
	s, m, _ := embedded(t)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	take := func(at time.Duration, w limit.Window) limit.Taken {
		m.SetTime(start.Add(at))
		taken, err := s.TakeWindow(context.Background(), "a", 1, w)
		require.NoError(t, err)
		return taken
	}
	perQuarter := limit.Window{Quota: 3, Period: 16 * time.Minute, Sliding: true}
	perDay := limit.Window{Quota: 5, Period: 16 * time.Hour, Sliding: true}
	require.Equal(t, 2, take(0, perQuarter).Remaining)
	require.Equal(t, 3, take(time.Second, perDay).Remaining)
	require.Equal(t, 0, take(time.Hour, perQuarter).Remaining, "the hours' events count")
	require.Equal(t, 15*time.Hour, take(2*time.Hour, perQuarter).Wait, "until the first two are over")
	require.Equal(t, 1, take(16*time.Hour+time.Minute, perDay).Remaining, "so far, all count")
	require.Equal(t, 0, take(17*time.Hour, perQuarter).Remaining, "the two from the beginning are over")
	require.Equal(t, 2, take(33*time.Hour, perQuarter).Remaining, "the longer one is not used any more")
	require.Equal(t, 1, take(33*time.Hour+16*time.Minute, perQuarter).Remaining)
	require.Equal(t, 1, take(33*time.Hour+17*time.Minute, perQuarter).Remaining, "nor are its parts")
}

func TestWindowsThatBeginToSlideOrCeaseToGoOnCounting(t *testing.T) {
	s, m, _ := embedded(t)
	m.SetTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	fixed, sliding := limit.Window{Quota: 9, Period: time.Hour}, limit.Window{Quota: 9, Period: time.Hour, Sliding: true}
	for i, w := range []limit.Window{fixed, sliding, sliding, fixed, fixed, sliding} {
		taken, err := s.TakeWindow(context.Background(), "a", 1, w)
		require.NoError(t, err)
		require.Equal(t, 8-i, taken.Remaining)
	}
}
