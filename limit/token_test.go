package limit_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

var errGone = errors.New("the client has gone")

func sortTimes(at []time.Time) { slices.SortFunc(at, time.Time.Compare) }

// decide fails the test if there is an error.
func decide(t testing.TB, f func(context.Context, string) (limit.Decision, error), key string) limit.Decision {
	t.Helper()
	d, err := f(context.Background(), key)
	require.NoError(t, err)
	return d
}

func TestATokenLimiterAllowsItsBurstAndThenItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(10)})
		for i := range 10 {
			require.Equal(t, limit.Decision{
				Allowed: true, Limit: 10, Remaining: 9 - i, ResetAfter: time.Duration(i+1) * 100 * time.Millisecond,
			}, decide(t, l.Allow, "user"))
		}
		refused := limit.Decision{Limit: 10, RetryAfter: 100 * time.Millisecond, ResetAfter: time.Second}
		require.Equal(t, refused, decide(t, l.Allow, "user"))
		require.Equal(t, refused, decide(t, l.Allow, "user"), "time stands still: so does the bucket")

		time.Sleep(100*time.Millisecond - 1)
		require.Equal(t, time.Duration(1), decide(t, l.Allow, "user").RetryAfter)
		time.Sleep(time.Nanosecond)
		require.True(t, decide(t, l.Allow, "user").Allowed)
		require.False(t, decide(t, l.Allow, "user").Allowed)
		require.True(t, decide(t, l.Allow, "somebody else").Allowed)

		time.Sleep(time.Second)
		require.Equal(t, limit.Decision{Allowed: true, Limit: 10, Remaining: 10}, decide(t, l.Peek, "user"))
	})
}

func TestACostIsTakenAsAWholeOrNotAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1), Burst: 5})
		allow := func(n int) limit.Decision {
			d, err := l.AllowN(ctx, "user", n)
			require.NoError(t, err)
			return d
		}
		require.Equal(t, limit.Decision{Limit: 5, Remaining: 5, RetryAfter: -1}, allow(6), "more than ever fit")
		require.Equal(t, limit.Decision{Limit: 5, Remaining: 5, RetryAfter: -1}, allow(math.MaxInt))
		require.True(t, allow(3).Allowed)
		require.Equal(t, limit.Decision{Limit: 5, Remaining: 2, RetryAfter: 2 * time.Second, ResetAfter: 3 * time.Second}, allow(4))
		require.True(t, allow(2).Allowed)
		require.Equal(t, limit.Decision{Allowed: true, Limit: 5, ResetAfter: 5 * time.Second}, allow(0), "nothing always fits")
		require.Equal(t, limit.Decision{Limit: 5, RetryAfter: time.Second, ResetAfter: 5 * time.Second}, decide(t, l.Peek, "user"))
		_, err := l.AllowN(ctx, "user", -1)
		require.ErrorIs(t, err, limit.ErrCost)
		st := l.Stats()
		require.Equal(t, [2]uint64{2, 3}, [2]uint64{st.Allowed, st.Refused}, "looks do not count")
	})
}

func TestRatesFromOnePerCenturyToABillionPerSecond(t *testing.T) {
	for _, r := range []limit.Rate{
		limit.PerSecond(1e9), limit.PerHour(1), {Events: 1, Per: 24 * time.Hour}, {Events: 1, Per: 100 * 365 * 24 * time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := limit.NewToken(limit.TokenOptions{Rate: r, Burst: 1})
			per := r.Per / time.Duration(r.Events)
			for range 2 {
				require.True(t, decide(t, l.Allow, "user").Allowed, r)
				require.Equal(t, per, decide(t, l.Allow, "user").RetryAfter, r)
				time.Sleep(per - 1)
				require.Equal(t, per == 1, per-1 > 0 == decide(t, l.Allow, "user").Allowed, r)
				time.Sleep(time.Nanosecond)
			}
		})
	}
}

func TestSeveralRatesAreOneDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewToken(limit.TokenOptions{
			Rate: limit.PerSecond(10), Also: []limit.Bucket{{Rate: limit.PerHour(60), Burst: 12}},
		})
		for range 10 {
			require.True(t, decide(t, l.Allow, "user").Allowed)
		}
		for range 100 {
			require.Equal(t, 100*time.Millisecond, decide(t, l.Allow, "user").RetryAfter, "refusals count nowhere")
		}
		time.Sleep(time.Second)
		d := decide(t, l.Allow, "user")
		require.Equal(t, [2]int{12, 1}, [2]int{d.Limit, d.Remaining}, "of the rate that allows less")
		require.True(t, decide(t, l.Allow, "user").Allowed)
		require.Equal(t, 59*time.Second, decide(t, l.Allow, "user").RetryAfter)
	})
}

// However many goroutines ask, at whatever times, no span of time has an event too
// many; and one who always asks gets all there is.
func TestNeverOneEventTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.Bucket{Rate: limit.Rate{Events: 999_983, Per: 999 * time.Second}, Burst: 17}
		l := limit.NewToken(limit.TokenOptions{Rate: b.Rate, Burst: b.Burst})
		var mu sync.Mutex
		var at []time.Time
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(3, uint64(i)))
				for range 300 {
					time.Sleep(time.Duration(r.Int64N(int64(20 * time.Millisecond))))
					mu.Lock()
					if decide(t, l.Allow, "user").Allowed {
						at = append(at, time.Now())
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		requireConformance(t, b, at, 0)
	})
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(3), Burst: 7})
		allowed, start := 0, time.Now()
		for time.Since(start) <= time.Minute {
			if d := decide(t, l.Allow, "user"); d.Allowed {
				allowed++
			} else {
				time.Sleep(d.RetryAfter)
			}
		}
		require.Equal(t, 7+3*60, allowed)
	})
}

func TestGoroutinesAtTheSameTimeGetNoEventTooMany(t *testing.T) {
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(10_000), Burst: 100})
	var wg sync.WaitGroup
	var mu sync.Mutex
	allowed, start := 0, time.Now()
	for range 8 {
		wg.Go(func() {
			mine := 0
			for range 5000 {
				if decide(t, l.Allow, "user").Allowed {
					mine++
				}
			}
			mu.Lock()
			allowed += mine
			mu.Unlock()
		})
	}
	wg.Wait()
	require.LessOrEqual(t, allowed, 100+int(time.Since(start)/(100*time.Microsecond)))
	require.GreaterOrEqual(t, allowed, 100)
	st := l.Stats()
	require.Equal(t, [2]uint64{uint64(allowed), uint64(40_000 - allowed)}, [2]uint64{st.Allowed, st.Refused})
}

func TestKeysHave1To1024Bytes(t *testing.T) {
	ctx := context.Background()
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1)})
	p := limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: time.Hour})
	for _, key := range []string{"", strings.Repeat("k", 1025), strings.Repeat("k", 1<<20)} {
		_, err := l.Allow(ctx, key)
		require.ErrorIs(t, err, limit.ErrKey)
		_, err = l.Peek(ctx, key)
		require.ErrorIs(t, err, limit.ErrKey)
		_, err = l.Reserve(ctx, key, 1, 0)
		require.ErrorIs(t, err, limit.ErrKey)
		require.ErrorIs(t, l.Wait(ctx, key), limit.ErrKey)
		_, err = l.For(key).Allow(ctx)
		require.ErrorIs(t, err, limit.ErrKey)
		require.NotErrorIs(t, err, weir.ErrRejected)
		_, err = p.Take(ctx, key)
		require.ErrorIs(t, err, limit.ErrKey)
		_, err = p.Peek(ctx, key)
		require.ErrorIs(t, err, limit.ErrKey)
		_, err = p.For(key).Allow(ctx)
		require.ErrorIs(t, err, limit.ErrKey)
	}
	require.True(t, decide(t, l.Allow, strings.Repeat("k", 1024)).Allowed)
	require.True(t, decide(t, l.Allow, "\x00\xff").Allowed)
}

func TestADoneContextWinsAndTakesNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errGone)
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	p := limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: time.Hour})
	for _, ask := range []func() error{
		func() error { _, err := l.Allow(ctx, ""); return err },
		func() error { _, err := l.AllowN(ctx, "user", 1); return err },
		func() error { _, err := l.Peek(ctx, "user"); return err },
		func() error { _, err := l.Reserve(ctx, "user", 1, time.Hour); return err },
		func() error { return l.Wait(ctx, "user") },
		func() error { _, err := l.For("user").Allow(ctx); return err },
		func() error { _, err := p.Take(ctx, "user"); return err },
		func() error { _, err := p.Peek(ctx, "user"); return err },
		func() error {
			_, err := limit.NewMemory(limit.MemoryOptions{}).TakeTokens(ctx, "user", 1, 0, exactCases[0])
			return err
		},
		func() error {
			_, err := limit.NewMemory(limit.MemoryOptions{}).TakeWindow(ctx, "user", 1, limit.Window{Quota: 1, Period: 1})
			return err
		},
	} {
		err := ask()
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errGone)
		require.NotErrorIs(t, err, weir.ErrRejected)
	}
	require.True(t, decide(t, l.Allow, "user").Allowed)
	require.True(t, decide(t, p.Take, "user").Allowed)
}

func TestImpossibleOptionsPanicAndAreErrors(t *testing.T) {
	ok := limit.TokenOptions{Rate: limit.PerSecond(10), Burst: 3}
	require.NoError(t, ok.Validate())
	for _, change := range []func(o *limit.TokenOptions){
		func(o *limit.TokenOptions) { o.Rate = limit.Rate{} },
		func(o *limit.TokenOptions) { o.Rate.Events = -1 },
		func(o *limit.TokenOptions) { o.Rate.Per = -time.Second },
		func(o *limit.TokenOptions) { o.Burst = -1 },
		func(o *limit.TokenOptions) {
			o.Rate, o.Burst = limit.Rate{Events: 1, Per: 100 * 365 * 24 * time.Hour}, 2
		},
		func(o *limit.TokenOptions) { o.Also = []limit.Bucket{{Rate: limit.PerHour(1)}} },
		func(o *limit.TokenOptions) { o.Also = make([]limit.Bucket, 16) },
		func(o *limit.TokenOptions) { o.Lease = 4 },
		func(o *limit.TokenOptions) { o.Lease = -1 },
		func(o *limit.TokenOptions) { o.Replicas = -1 },
		func(o *limit.TokenOptions) { o.LeaseFor = -1 },
		func(o *limit.TokenOptions) { o.Fallback = 3 },
		func(o *limit.TokenOptions) { o.Store = (*limit.Memory)(nil) },
	} {
		o := ok
		change(&o)
		err := o.Validate()
		require.ErrorContains(t, err, "limit: ")
		require.PanicsWithValue(t, err.Error(), func() { limit.NewToken(o) })
	}
	day := 24 * time.Hour
	for _, o := range []limit.PeriodOptions{
		{Period: time.Hour}, {Quota: 1}, {Quota: 1, Period: -1}, {Quota: 1, Period: 101 * 365 * day},
		{Quota: 1, Period: 5 * time.Hour, Align: time.UTC}, {Quota: 1, Period: 25 * time.Hour, Align: time.UTC},
		{Quota: 1, Period: day, Align: time.UTC, Sliding: true}, {Quota: 1, Period: 1, Replicas: -1}, {Quota: 1, Period: 1, Fallback: 9},
		{Quota: 1, Period: 1, Store: (*limit.Memory)(nil)},
	} {
		err := o.Validate()
		require.ErrorContains(t, err, "limit: ")
		require.PanicsWithValue(t, err.Error(), func() { limit.NewPeriod(o) })
	}
	require.Error(t, limit.MemoryOptions{MaxKeys: -1}.Validate())
	require.Panics(t, func() { limit.NewMemory(limit.MemoryOptions{MaxKeys: -1}) })
	require.Panics(t, func() { limit.Window{}.Bounds(time.Now()) })
}

func TestRatesReadAsOneWritesThem(t *testing.T) {
	for want, r := range map[string]limit.Rate{
		"10/s": limit.PerSecond(10), "5/1m": limit.PerMinute(5), "1000/1h": limit.PerHour(1000),
		"1/24h": {Events: 1, Per: 24 * time.Hour}, "3/1.5s": {Events: 3, Per: 1500 * time.Millisecond}, "0/0s": {},
		"1/1h0m5s": {Events: 1, Per: time.Hour + 5*time.Second}, "1/1h5m": {Events: 1, Per: 65 * time.Minute},
	} {
		require.Equal(t, want, r.String())
	}
}
