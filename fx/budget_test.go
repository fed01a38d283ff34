package fx_test

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
)

func TestBudgetBoundsRetriesToAShareOfTheCalls(t *testing.T) {
	budget := fx.NewRetryBudget(fx.RetryBudgetOptions{Ratio: 0.1, PerSecond: -1, Burst: 20})
	down := func(context.Context) error { return errDown }
	o := fx.RetryOptions{Attempts: 3, Backoff: fx.Backoff{Base: -1}, Budget: budget}
	for range 1000 {
		require.True(t, errDown == fx.Retry(ctx, down, o), "the first try is never prevented")
	}
	st := budget.Stats()
	require.InDelta(t, 120, st.Granted, 1)
	require.Less(t, st.Tokens, 1.0)
}

func TestBudgetFillsWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := fx.NewRetryBudget(fx.RetryBudgetOptions{Ratio: -1, PerSecond: 2, Burst: 5})
		take := func() (n int) {
			for b.TryWithdraw() {
				n++
			}
			return n
		}
		require.Equal(t, 5, take())
		b.Deposit()
		require.Zero(t, take())
		time.Sleep(time.Second)
		require.Equal(t, 2, take())
		time.Sleep(time.Second / 2)
		require.Equal(t, 1, take())
		time.Sleep(time.Hour)
		require.Equal(t, 5.0, b.Stats().Tokens)
		require.Equal(t, 5, take())
	})
}

func TestTenTenthsAreOneRetry(t *testing.T) {
	b := fx.NewRetryBudget(fx.RetryBudgetOptions{PerSecond: -1, Burst: 1})
	require.True(t, b.TryWithdraw())
	for range 9 {
		b.Deposit()
		require.False(t, b.TryWithdraw())
	}
	b.Deposit()
	require.True(t, b.TryWithdraw())
	require.False(t, b.TryWithdraw())
}

func TestRetryThatIsCancelledGivesItsTokenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := fx.NewRetryBudget(fx.RetryBudgetOptions{Ratio: -1, PerSecond: -1, Burst: 3})
		down := func(context.Context) error { return errDown }
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := fx.Retry(ctx, down, fx.RetryOptions{Budget: b, Backoff: fx.Backoff{Base: time.Hour, Jitter: fx.NoJitter}})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 3.0, b.Stats().Tokens)
		require.PanicsWithValue(t, errOther, func() {
			_ = fx.Retry(t.Context(), down, fx.RetryOptions{Budget: b, OnRetry: func(fx.RetryEvent) { panic(errOther) }})
		})
		require.Equal(t, 3.0, b.Stats().Tokens)
	})
}

func TestNoBudgetIsNoBound(t *testing.T) {
	var b *fx.RetryBudget
	b.Deposit()
	require.True(t, b.TryWithdraw())
	require.Zero(t, b.Stats())
	b.Metrics(func(weir.Metric) bool { t.Error("none"); return true })
}

func TestImpossibleBudgetsPanic(t *testing.T) {
	for _, o := range []fx.RetryBudgetOptions{
		{Burst: -1}, {Ratio: math.NaN()}, {Ratio: math.Inf(1)}, {PerSecond: math.NaN()}, {PerSecond: math.Inf(-1)},
	} {
		require.Error(t, o.Validate())
		require.PanicsWithValue(t, o.Validate().Error(), func() { fx.NewRetryBudget(o) })
	}
}

func TestBudgetIsNeverOverdrawn(t *testing.T) {
	b := fx.NewRetryBudget(fx.RetryBudgetOptions{Ratio: 0.25, PerSecond: -1, Burst: 10})
	const goroutines, calls = 4, 2000
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range calls {
				b.Deposit()
				if rand.IntN(2) == 0 {
					b.TryWithdraw()
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, float64(b.Stats().Granted), 10+0.25*goroutines*calls+1e-3)
	require.GreaterOrEqual(t, b.Stats().Tokens, 0.0)
}

func TestMetricsOfTheBudget(t *testing.T) {
	b := fx.NewRetryBudget(fx.RetryBudgetOptions{Name: "db", Ratio: -1, PerSecond: -1, Burst: 2})
	for range 5 {
		b.TryWithdraw()
	}
	require.Equal(t, fx.RetryBudgetStats{Granted: 2, Refused: 3}, b.Stats())
	got := map[string]float64{}
	b.Metrics(func(m weir.Metric) bool {
		require.Equal(t, weir.Label{Name: "name", Value: "db"}, m.Labels[0])
		got[m.Name+m.Labels[len(m.Labels)-1].Value] = m.Value
		return true
	})
	require.Equal(t, map[string]float64{
		"weir_retry_budget_tokensdb":             0,
		"weir_retry_budget_retries_totalgranted": 2,
		"weir_retry_budget_retries_totalrefused": 3,
	}, got)
	n := 0
	b.Metrics(func(weir.Metric) bool { n++; return false })
	require.Equal(t, 1, n)
}
