package limit_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

func TestAPeriodLimitAllowsItsQuotaInEachPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at a full hour
		p := limit.NewPeriod(limit.PeriodOptions{Quota: 3, Period: time.Hour})
		for range 3 {
			time.Sleep(20*time.Minute - 1)
			for i := range 3 {
				d := decide(t, p.Take, "user")
				require.Equal(t, [2]any{true, 2 - i}, [2]any{d.Allowed, d.Remaining})
			}
			left := 40*time.Minute + 1
			require.Equal(t, limit.Decision{Limit: 3, RetryAfter: left, ResetAfter: left}, decide(t, p.Take, "user"))
			require.True(t, decide(t, p.Take, "somebody else").Allowed)
			time.Sleep(left - 1)
			require.False(t, decide(t, p.Take, "user").Allowed)
			time.Sleep(time.Nanosecond)
			require.Equal(t, limit.Decision{Allowed: true, Limit: 3, Remaining: 3}, decide(t, p.Peek, "user"))
		}
	})
}

func TestCostsOfAPeriodLimit(t *testing.T) {
	for _, sliding := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := limit.NewPeriod(limit.PeriodOptions{Quota: 5, Period: time.Hour, Sliding: sliding})
			take := func(n int) limit.Decision {
				d, err := p.TakeN(t.Context(), "user", n)
				require.NoError(t, err)
				return d
			}
			reset := time.Hour
			if sliding {
				reset += time.Hour / 16
			}
			require.Equal(t, limit.Decision{Limit: 5, Remaining: 5, RetryAfter: -1}, take(6))
			require.Equal(t, limit.Decision{Allowed: true, Limit: 5, Remaining: 1, ResetAfter: reset}, take(4))
			require.Equal(t, limit.Decision{Limit: 5, Remaining: 1, RetryAfter: reset, ResetAfter: reset}, take(2))
			require.True(t, take(1).Allowed)
			require.Equal(t, limit.Decision{Allowed: true, Limit: 5, ResetAfter: reset}, take(0), "nothing always fits")
			_, err := p.TakeN(t.Context(), "user", -1)
			require.ErrorIs(t, err, limit.ErrCost)
		})
	}
}

func TestBurstsMeetAtTheEdgeOfFixedPeriodsButNotOfSlidingOnes(t *testing.T) {
	for sliding, want := range map[bool]int{false: 10, true: 5} {
		synctest.Test(t, func(t *testing.T) {
			p := limit.NewPeriod(limit.PeriodOptions{Quota: 5, Period: time.Minute, Sliding: sliding})
			allowed := 0
			time.Sleep(time.Minute - time.Millisecond)
			for range 2 {
				for range 100 {
					if decide(t, p.Take, "user").Allowed {
						allowed++
					}
				}
				time.Sleep(2 * time.Millisecond)
			}
			require.Equal(t, want, allowed)
		})
	}
}

// No span of one period sees more than the quota, and nobody is refused for what is
// more than a period and a sixteenth ago.
func TestASlidingWindowKeepsItsPromises(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(6, seed))
			period := time.Duration(1 + r.Int64N(1<<r.IntN(45)))
			quota := 1 + r.IntN(30)
			p := limit.NewPeriod(limit.PeriodOptions{Quota: quota, Period: period, Sliding: true})
			late := (period+15)/16*17 - period
			var taken []time.Time
			since := func(span time.Duration) (n int) {
				for _, at := range taken {
					if time.Since(at) < span {
						n++
					}
				}
				return n
			}
			for range 500 {
				time.Sleep(time.Duration(r.Int64N(int64(period)/int64(quota)*2 + 2)))
				n := 1 + r.IntN(quota)
				before := decide(t, p.Peek, "user")
				d, err := p.TakeN(t.Context(), "user", n)
				require.NoError(t, err)
				require.Equal(t, before.Remaining >= n, d.Allowed)
				if !d.Allowed {
					require.Greater(t, since(period+late)+n, quota)
					time.Sleep(d.RetryAfter - 1)
					again, err := p.TakeN(t.Context(), "user", n)
					require.NoError(t, err)
					require.False(t, again.Allowed)
					time.Sleep(time.Nanosecond)
					again, err = p.TakeN(t.Context(), "user", n)
					require.NoError(t, err)
					require.True(t, again.Allowed, "as was said")
				}
				for range n {
					taken = append(taken, time.Now())
				}
				require.LessOrEqual(t, since(period), quota)
				if len(taken) > 2*quota {
					taken = taken[len(taken)-2*quota:]
				}
			}
			time.Sleep(decide(t, p.Peek, "user").ResetAfter)
			require.Equal(t, limit.Decision{Allowed: true, Limit: quota, Remaining: quota}, decide(t, p.Peek, "user"))
		})
	}
}

func TestGoroutinesAtTheSameTimeShareOneQuota(t *testing.T) {
	for _, sliding := range []bool{false, true} {
		p := limit.NewPeriod(limit.PeriodOptions{Quota: 1000, Period: 365 * 24 * time.Hour, Sliding: sliding})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 500 {
					decide(t, p.Take, "user")
				}
			})
		}
		wg.Wait()
		st := p.Stats()
		require.Equal(t, [2]uint64{1000, 3000}, [2]uint64{st.Allowed, st.Refused})
	}
}

func TestSettingTheClockBackMakesNoQuotaLarger(t *testing.T) {
	memory := limit.NewMemory(limit.MemoryOptions{})
	for name, w := range map[string]limit.Window{
		"fixed": {Quota: 2, Period: time.Hour}, "sliding": {Quota: 2, Period: time.Hour, Sliding: true},
	} {
		now := int64(1_000_000 * time.Hour)
		require.True(t, memory.TakeWindowAt(now, name, 2, w).OK)
		for _, back := range []time.Duration{1, time.Minute, time.Hour - 1} {
			got := memory.TakeWindowAt(now-int64(back), name, 1, w)
			require.False(t, got.OK)
			require.True(t, memory.TakeWindowAt(now-int64(back)+int64(got.Wait), name, 0, w).OK)
		}
		require.True(t, memory.TakeWindowAt(now-int64(1000*time.Hour), name, 1, w).OK, "it must have been wrong before")
		require.Equal(t, 1, memory.TakeWindowAt(now-int64(1000*time.Hour), name, 0, w).Remaining)
	}
}

func TestDifferentPeriodsOnOneKeyNeverAddUp(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(7, seed))
		memory := limit.NewMemory(limit.MemoryOptions{})
		sliding := seed%2 == 0
		windows := []limit.Window{
			{Quota: 1 + r.IntN(10), Period: time.Minute, Sliding: sliding},
			{Quota: 1 + r.IntN(10), Period: time.Duration(1 + r.Int64N(int64(time.Hour))), Sliding: sliding},
		}
		most := max(windows[0].Quota, windows[1].Quota)
		now := int64(1_000_000 * time.Hour)
		var taken []int64
		for range 500 {
			now += r.Int64N(int64(10 * time.Second))
			w := windows[r.IntN(2)]
			n := r.IntN(2)
			got := memory.TakeWindowAt(now, "key", n, w)
			if n > 0 && got.OK {
				taken = append(taken, now)
			}
			require.LessOrEqual(t, got.Remaining, w.Quota)
			require.GreaterOrEqual(t, got.Remaining, 0)
			if got.Wait > 0 {
				require.False(t, got.OK)
			}
			if memory.TakeWindowAt(now, "key", 1, w).OK {
				taken = append(taken, now)
			}
		}
		if !sliding { // in a fixed window, the quotas of two may meet
			most *= 2
		}
		for i, at := range taken {
			n := 0
			for _, other := range taken[i:] {
				if other < at+int64(min(windows[0].Period, windows[1].Period)) {
					n++
				}
			}
			require.LessOrEqual(t, n, most)
		}
	}
}
