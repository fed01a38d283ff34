package limit_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func TestGuardsOfAKeyRefuseAndTellWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, g := range []weir.Guard{
			limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)}).For("user"),
			limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: time.Hour}).For("user"),
		} {
			p, err := g.Allow(t.Context())
			require.NoError(t, err)
			p.Done(weir.Failure) // of no interest here
			_, err = g.Allow(t.Context())
			require.ErrorIs(t, err, limit.ErrLimited)
			require.ErrorIs(t, err, weir.ErrRejected)
			require.NotErrorIs(t, err, limit.ErrTooLong)
			require.EqualError(t, err, "limit: rate limit exceeded")
			after := weir.RetryAfter(g, err)
			require.GreaterOrEqual(t, after, time.Hour)
			require.LessOrEqual(t, after, time.Hour*17/16)
		}
	})
}

func checkRefusal(t *testing.T, after time.Duration) {
	got := limit.RefusalFor(after).(weir.RetryAfterer).RetryAfter()
	if after <= 0 {
		require.Zero(t, got)
		return
	}
	require.GreaterOrEqual(t, got, after)
	require.LessOrEqual(t, float64(got), float64(after)*17/16+float64(10*time.Microsecond), "%v", after)
}

func FuzzRetryAfterIsRoundedUpALittle(f *testing.F) {
	for _, after := range []int64{-1, 0, 1, 1e4, 1e4 + 1, 32e4, 32e4 + 1, 1e9, 3600e9, math.MaxInt64 - 1, math.MaxInt64} {
		f.Add(after)
	}
	f.Fuzz(func(t *testing.T, after int64) { checkRefusal(t, time.Duration(after)) })
}

func TestRetryAfterIsNeverTooShortOverTheWholeRange(t *testing.T) {
	for shift := range 63 {
		for _, d := range []int64{-1, 0, 1} {
			checkRefusal(t, time.Duration(int64(1)<<shift+d))
			checkRefusal(t, time.Duration(10_000*(int64(1)<<shift>>13)+d))
		}
	}
}

func TestLimitersCountAndReport(t *testing.T) {
	token := limit.NewToken(limit.TokenOptions{Name: "api", Rate: limit.PerHour(1)})
	period := limit.NewPeriod(limit.PeriodOptions{Name: "api", Quota: 1, Period: 24 * 365 * time.Hour})
	for range 3 {
		decide(t, token.Allow, "user")
		decide(t, period.Take, "user")
	}
	for prefix, source := range map[string]weir.Source{"weir_token_": token, "weir_period_": period} {
		got := map[string]float64{}
		source.Metrics(func(m weir.Metric) bool {
			require.NotEmpty(t, m.Help)
			require.Equal(t, []weir.Label{{Name: "name", Value: "api"}}, m.Labels)
			got[m.Name] = m.Value
			return true
		})
		require.Equal(t, map[string]float64{
			prefix + "allowed_total": 1, prefix + "refused_total": 2, prefix + "keys": 1, prefix + "keys_evicted_total": 0,
			prefix + "keys_shared_total": 0, prefix + "degraded": 0, prefix + "degraded_decisions_total": 0, prefix + "store_failures_total": 0,
		}, got)
		calls := 0
		source.Metrics(func(weir.Metric) bool { calls++; return false })
		require.Equal(t, 1, calls)
	}
	require.Equal(t, limit.PeriodStats{Allowed: 1, Refused: 2, Keys: 1}, period.Stats())

	memory := limit.NewMemory(limit.MemoryOptions{})
	one := limit.NewToken(limit.TokenOptions{Name: "one", Rate: limit.PerHour(1), Store: memory})
	two := limit.NewToken(limit.TokenOptions{Name: "two", Rate: limit.PerHour(1), Store: memory})
	far := limit.NewToken(limit.TokenOptions{Name: "far", Rate: limit.PerHour(1), Store: struct{ limit.Store }{memory}})
	for range 2 {
		decide(t, one.Allow, "user")
		decide(t, far.Allow, "user")
		_, err := far.AllowN(context.Background(), "user", 0)
		require.NoError(t, err)
	}
	require.Equal(t, limit.TokenStats{Allowed: 1, Refused: 1, Keys: 2}, one.Stats())
	require.Equal(t, limit.TokenStats{Keys: 2}, two.Stats())
	require.Equal(t, limit.TokenStats{Allowed: 1, Refused: 1}, far.Stats())
}
