package limit_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

func TestLimitersShareAMemoryByName(t *testing.T) {
	memory := limit.NewMemory(limit.MemoryOptions{})
	token := func(name string) *limit.Token {
		return limit.NewToken(limit.TokenOptions{Name: name, Rate: limit.PerHour(1), Store: memory})
	}
	period := func(name string) *limit.Period {
		return limit.NewPeriod(limit.PeriodOptions{Name: name, Quota: 1, Period: 24 * time.Hour, Store: memory})
	}
	require.True(t, decide(t, token("a").Allow, "user").Allowed)
	require.False(t, decide(t, token("a").Allow, "user").Allowed, "the same name: the same state")
	require.True(t, decide(t, token("b").Allow, "user").Allowed)
	require.True(t, decide(t, token("").Allow, "user").Allowed)
	require.True(t, decide(t, token("").Allow, "a:user").Allowed)
	require.True(t, decide(t, token("a:b").Allow, "c").Allowed)
	require.True(t, decide(t, token("a").Allow, "b:c").Allowed)
	require.True(t, decide(t, period("a").Take, "user").Allowed, "tokens and periods are different things")
	require.False(t, decide(t, period("a").Take, "user").Allowed)
	require.Equal(t, 7, memory.Stats().Keys)
}

// What a limiter takes, the others see. Together they admit no more than one that
// has the highest rate and burst of all.
func TestDifferentRatesOnOneKeyNeverAddUp(t *testing.T) {
	rates := []limit.Bucket{
		{Rate: limit.PerSecond(10), Burst: 10}, {Rate: limit.PerSecond(1e9), Burst: 3}, {Rate: limit.PerHour(7), Burst: 30},
		{Rate: limit.PerSecond(3), Burst: 100}, {Rate: limit.Rate{Events: 1, Per: 1e18}, Burst: 4},
	}
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(4, seed))
			a, b := rates[r.IntN(len(rates))], rates[r.IntN(len(rates))]
			memory := limit.NewMemory(limit.MemoryOptions{})
			most := limit.Bucket{Rate: a.Rate, Burst: max(a.Burst, b.Burst)}
			if float64(b.Rate.Events)/float64(b.Rate.Per) > float64(a.Rate.Events)/float64(a.Rate.Per) {
				most.Rate = b.Rate
			}
			var at []time.Time
			for range 500 {
				if r.IntN(3) == 0 {
					time.Sleep(time.Duration(r.Int64N(1 << r.IntN(34))))
				}
				mine := a
				if r.IntN(2) == 0 {
					mine = b
				}
				got, err := memory.TakeTokens(t.Context(), "key", 0, 0, []limit.Bucket{mine})
				require.NoError(t, err)
				require.LessOrEqual(t, got.Remaining, got.Limit)
				if one, err := memory.TakeTokens(t.Context(), "key", 1, 0, []limit.Bucket{mine}); err == nil && one.OK {
					at = append(at, time.Now())
				}
			}
			requireConformance(t, most, at, 0)
		})
	}
}

func TestLimitersWithAnotherNumberOfRatesMayShareAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := limit.NewMemory(limit.MemoryOptions{})
		all := exactCases[len(exactCases)-1]
		for i := range 100 {
			got, err := memory.TakeTokens(t.Context(), "key", 1, 0, all[:1+i%3])
			require.NoError(t, err)
			require.Equal(t, i < 2, got.OK, "the first bucket of all holds 2")
		}
	})
}

func TestImpossibleBucketsAndWindowsAreErrors(t *testing.T) {
	ctx, memory := context.Background(), limit.NewMemory(limit.MemoryOptions{})
	for _, buckets := range [][]limit.Bucket{nil, {}, {{}}, {{Rate: limit.PerSecond(1)}}, make([]limit.Bucket, 17)} {
		_, err := memory.TakeTokens(ctx, "key", 1, 0, buckets)
		require.Error(t, err)
	}
	_, err := memory.TakeWindow(ctx, "key", 1, limit.Window{})
	require.Error(t, err)
	_, err = memory.TakeWindow(ctx, "key", -1, limit.Window{Quota: 1, Period: time.Hour})
	require.ErrorIs(t, err, limit.ErrCost)
	require.Zero(t, memory.Stats())
}

func TestIdleKeysMakeRoomForNewOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(100)})
		add := func(n int) {
			for range n {
				decide(t, l.Allow, strconv.FormatUint(rand.Uint64(), 36))
			}
		}
		add(50_000)
		require.Equal(t, 50_000, l.Stats().Keys)
		time.Sleep(time.Minute + 10*time.Millisecond - 1)
		decide(t, l.Allow, "one more")
		require.Equal(t, 50_001, l.Stats().Keys, "still there")
		time.Sleep(time.Nanosecond)
		add(75_000) // each of which looks at four places
		require.Equal(t, limit.TokenStats{Allowed: 125_001, Keys: 75_001, Evicted: 50_000}, l.Stats())
	})
}

func TestAKeyThatIsLimitedIsNeverDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := limit.NewMemory(limit.MemoryOptions{MaxKeys: 100})
		l := limit.NewToken(limit.TokenOptions{Rate: limit.Rate{Events: 1, Per: time.Hour}, Store: memory})
		require.True(t, decide(t, l.Allow, "abuser").Allowed)
		allowed := 0
		for i := range 10_000 {
			if decide(t, l.Allow, strconv.Itoa(i)).Allowed {
				allowed++
			}
			require.False(t, decide(t, l.Allow, "abuser").Allowed)
		}
		require.Equal(t, 99+1, allowed, "99 that have a place, and all others are as one")
		st := l.Stats()
		require.Equal(t, [2]int{100, 9901}, [2]int{st.Keys, int(st.Shared)})
		require.False(t, decide(t, l.Peek, "stranger").Allowed)
		require.False(t, decide(t, l.Peek, "abuser").Allowed)

		time.Sleep(time.Hour) // all are idle: there is room
		require.True(t, decide(t, l.Allow, "stranger").Allowed)
		require.True(t, decide(t, l.Allow, "another").Allowed)
		require.LessOrEqual(t, l.Stats().Keys, 100)
	})
}

func TestPeriodsAreKeptAndDroppedLikewise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := limit.NewMemory(limit.MemoryOptions{MaxKeys: 100})
		for _, sliding := range []bool{false, true} {
			p := limit.NewPeriod(limit.PeriodOptions{Name: strconv.FormatBool(sliding), Quota: 1, Period: time.Hour, Store: memory, Sliding: sliding})
			allowed := 0
			for i := range 1000 {
				if decide(t, p.Take, strconv.Itoa(i)).Allowed {
					allowed++
				}
			}
			require.Equal(t, 100+1, allowed)
			require.False(t, decide(t, p.Take, "0").Allowed)
			time.Sleep(2 * time.Hour)
		}
		require.Equal(t, uint64(1800), memory.Stats().Shared)
	})
}

// The memory is compared with a map, while keys come, go, and come back.
func TestNoKeyIsLostOrMistakenForAnother(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, seed))
			l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1), Burst: 1000})
			used, last := map[string]int{}, map[string]time.Time{}
			for range 10_000 {
				if r.IntN(10) == 0 {
					time.Sleep(time.Duration(r.IntN(60)) * time.Second)
				}
				key := strconv.Itoa(int(r.ExpFloat64() * 500))
				used[key] = max(0, used[key]-int(time.Since(last[key])/time.Second)) + 1
				last[key] = time.Now()
				require.Equal(t, 1000-used[key], decide(t, l.Allow, key).Remaining)
			}
			st := l.Stats()
			require.Positive(t, st.Evicted)
			require.Less(t, st.Keys, len(used))
		})
	}
}

func TestAMemoryIsAsLargeAsItsKeys(t *testing.T) {
	for _, most := range []int{1, 2, 127, 128, 1000} {
		l := limit.NewToken(limit.TokenOptions{
			Rate: limit.PerHour(1), Store: limit.NewMemory(limit.MemoryOptions{MaxKeys: most}),
		})
		for i := range 20 * most {
			decide(t, l.Allow, strconv.Itoa(i))
		}
		keys := l.Stats().Keys
		require.LessOrEqual(t, keys, most)
		require.Greater(t, keys, most-most/20-1)
	}
}
