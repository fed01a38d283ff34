package fx_test

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
)

// A script says how long each call takes, and what it returns.
type script []struct {
	takes time.Duration
	err   error
}

// play returns a func that does what the script says, or ends with its context,
// and returns the number of its call.
func (s script) play() (fn func(context.Context) (int, error), calls, cancelled *atomic.Int64) {
	calls, cancelled = new(atomic.Int64), new(atomic.Int64)
	return func(ctx context.Context) (int, error) {
		n := int(calls.Add(1)) - 1
		select {
		case <-time.After(s[n].takes):
			return n, s[n].err
		case <-ctx.Done():
			cancelled.Add(1)
			return -1, ctx.Err()
		}
	}, calls, cancelled
}

const second = time.Second

func TestHedgeReturnsTheFirstSuccessAndCancelsTheRest(t *testing.T) {
	for name, c := range map[string]struct {
		script           script
		max              int
		winner           int
		err              error
		at               time.Duration
		calls, cancelled int64
	}{
		"fast":                    {script{{takes: second / 2}}, 0, 0, nil, second / 2, 1, 0},
		"slow":                    {script{{takes: 9 * second}, {takes: second}}, 0, 1, nil, 2 * second, 2, 1},
		"first wins late":         {script{{takes: 2 * second}, {takes: 9 * second}}, 0, 0, nil, 2 * second, 2, 1},
		"one hedge by default":    {script{{takes: 9 * second}, {takes: 7 * second}}, 0, 1, nil, 8 * second, 2, 1},
		"three hedges":            {script{{9 * second, nil}, {9 * second, nil}, {9 * second, nil}, {takes: second}}, 3, 3, nil, 4 * second, 4, 3},
		"no hedge":                {script{{takes: 9 * second}}, -1, 0, nil, 9 * second, 1, 0},
		"fails before the delay":  {script{{second / 2, errDown}}, 0, 0, errDown, second / 2, 1, 0},
		"error is no success":     {script{{2 * second, errDown}, {takes: 3 * second}}, 0, 1, nil, 4 * second, 2, 0},
		"first error of several":  {script{{3 * second, errDown}, {second, errOther}}, 0, 0, errOther, 3 * second, 2, 0},
		"hedge while others fail": {script{{2*second - 1, errDown}, {9 * second, nil}, {takes: second}}, 2, 2, nil, 3 * second, 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fn, calls, cancelled := c.script.play()
				start := time.Now()
				got, err := fx.Hedge(t.Context(), fx.HedgeOptions{Delay: second, Max: c.max}, fn)
				require.Equal(t, c.at, time.Since(start))
				require.Equal(t, c.winner, got)
				require.True(t, c.err == err)
				synctest.Wait()
				require.Equal(t, c.calls, calls.Load())
				require.Equal(t, c.cancelled, cancelled.Load())
			})
		})
	}
}

func TestHedgeWithoutOptionsComesAfterATenthOfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fn, _, _ := script{{takes: second}, {takes: 0}}.play()
		start := time.Now()
		got, err := fx.Hedge(t.Context(), fx.HedgeOptions{}, fn)
		require.NoError(t, err)
		require.Equal(t, 1, got)
		require.Equal(t, 100*time.Millisecond, time.Since(start))
	})
}

func TestHedgeEndsWithItsContextAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*second, func() { cancel(errDown) })
		start := time.Now()
		_, err := fx.Hedge(ctx, fx.HedgeOptions{Delay: second}, func(context.Context) (int, error) {
			time.Sleep(time.Hour) // whatever the context says
			return 1, nil
		})
		require.Equal(t, 3*second, time.Since(start))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errDown)
		_, err = fx.Hedge(ctx, fx.HedgeOptions{}, func(context.Context) (int, error) { t.Error("called"); return 1, nil })
		require.ErrorIs(t, err, errDown)
		time.Sleep(time.Hour)
	})
}

func TestHedgesComeOutOfTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := fx.NewRetryBudget(fx.RetryBudgetOptions{Ratio: 0.1, PerSecond: -1, Burst: 1})
		hedged := 0
		for range 101 {
			fn, calls, _ := script{{takes: 3 * second}, {takes: second}}.play()
			_, err := fx.Hedge(t.Context(), fx.HedgeOptions{Delay: second, Budget: b}, fn)
			require.NoError(t, err)
			hedged += int(calls.Load()) - 1
		}
		require.Equal(t, 11, hedged, "the burst, and a tenth of what came after")
	})
}

func TestPanicInAHedgedCallReachesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		requirePanic(t, errDown, func() {
			_, _ = fx.Hedge(t.Context(), fx.HedgeOptions{Delay: second}, func(ctx context.Context) (int, error) {
				if calls.Add(1) == 2 {
					panic(errDown)
				}
				<-ctx.Done()
				return 0, ctx.Err()
			})
		})
	})
	require.True(t, exits(func() {
		_, _ = fx.Hedge(ctx, fx.HedgeOptions{}, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
	}))
}

func TestPanicOfALoserGoesToTheHookOrTheLog(t *testing.T) {
	logged := catchLog(t)
	synctest.Test(t, func(t *testing.T) {
		for _, hooked := range []bool{true, false} {
			var calls atomic.Int64
			var got *weir.Panic
			o := fx.HedgeOptions{Delay: second}
			if hooked {
				o.OnPanic = func(p *weir.Panic) { got = p }
			}
			v, err := fx.Hedge(t.Context(), o, func(context.Context) (int, error) {
				if calls.Add(1) == 2 {
					return 2, nil
				}
				time.Sleep(time.Hour)
				panic(errDown)
			})
			require.NoError(t, err)
			require.Equal(t, 2, v)
			require.Empty(t, logged())
			time.Sleep(time.Hour)
			synctest.Wait()
			require.Equal(t, hooked, got != nil)
			if hooked {
				require.Equal(t, errDown, got.Value)
			}
		}
	})
	require.Contains(t, logged(), `msg="fx: panic in a hedged call that nobody waits for any more" panic=down`)
}

// Nineteen of twenty calls are fast. Once that is known, the others cost little
// more than a fast one, and few are asked twice.
func TestHedgeLearnsHowLongCallsTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l fx.Latencies
		o := fx.HedgeOptions{Delay: time.Minute, Latencies: &l, Quantile: 0.9}
		var first, calls atomic.Int64
		fn := func(ctx context.Context) (int, error) {
			n := calls.Add(1)
			d := 10 * time.Millisecond
			if n == first.Load() && n%20 == 7 {
				d = 10 * second
			}
			time.Sleep(d)
			return 0, ctx.Err()
		}
		slowest := time.Duration(0)
		for i := range 2000 {
			first.Store(calls.Load() + 1)
			start := time.Now()
			_, err := fx.Hedge(t.Context(), o, fn)
			require.NoError(t, err)
			if i > 100 {
				slowest = max(slowest, time.Since(start))
			}
		}
		require.Less(t, slowest, 25*time.Millisecond)
		require.LessOrEqual(t, calls.Load(), int64(2000*1.06))
		q, known := l.Quantile(0.9)
		require.True(t, known)
		require.InDelta(t, 10*time.Millisecond, q, float64(10*time.Millisecond)/8)
		time.Sleep(time.Minute)
	})
}

// When everything becomes slower, so does what counts as slow: hedges do not make
// calls look fast.
func TestHedgesDoNotHideThatAllCallsAreSlower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l fx.Latencies
		o := fx.HedgeOptions{Latencies: &l, Budget: fx.NewRetryBudget(fx.RetryBudgetOptions{Burst: 50})}
		takes := 10 * time.Millisecond
		var calls atomic.Int64
		fn := func(ctx context.Context) (int, error) {
			calls.Add(1)
			return 0, fx.Timeout(ctx, time.Hour, func(ctx context.Context) error {
				select {
				case <-time.After(takes):
				case <-ctx.Done():
				}
				return ctx.Err()
			})
		}
		for range 500 {
			_, _ = fx.Hedge(t.Context(), o, fn)
		}
		takes = 100 * time.Millisecond
		for range 500 {
			_, _ = fx.Hedge(t.Context(), o, fn)
		}
		calls.Store(0)
		for range 500 {
			_, _ = fx.Hedge(t.Context(), o, fn)
		}
		require.Equal(t, int64(500), calls.Load())
	})
}

func TestFailuresAndEarlyCancelsTeachNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l fx.Latencies
		o := fx.HedgeOptions{Delay: second, Latencies: &l}
		for range 50 {
			fn, _, _ := script{{second / 2, errDown}}.play()
			_, err := fx.Hedge(t.Context(), o, fn)
			require.ErrorIs(t, err, errDown)
			ctx, cancel := context.WithTimeout(t.Context(), second/2)
			fn, _, _ = script{{takes: 9 * second}}.play()
			_, err = fx.Hedge(ctx, o, fn)
			require.True(t, err == context.DeadlineExceeded)
			cancel()
			fn, _, _ = script{{2 * second, errDown}, {takes: 3 * second}}.play()
			_, err = fx.Hedge(t.Context(), o, fn)
			require.NoError(t, err)
		}
		_, known := l.Quantile(0.5)
		require.False(t, known)
		// That a call took longer than the delay is worth knowing.
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 3*second)
			fn, _, _ := script{{takes: 9 * second}, {takes: 9 * second}}.play()
			_, err := fx.Hedge(ctx, o, fn)
			require.True(t, err == context.DeadlineExceeded)
			cancel()
		}
		q, known := l.Quantile(0.5)
		require.True(t, known)
		require.InDelta(t, 3*second, q, float64(3*second)/8)
	})
}

func TestImpossibleHedgesPanic(t *testing.T) {
	for _, o := range []fx.HedgeOptions{
		{Delay: -1}, {Quantile: 0.5}, {Max: 101},
		{Latencies: new(fx.Latencies), Quantile: 1},
		{Latencies: new(fx.Latencies), Quantile: -0.1},
		{Latencies: new(fx.Latencies), Quantile: math.NaN()},
	} {
		require.ErrorContains(t, o.Validate(), "fx: ")
		require.PanicsWithValue(t, o.Validate().Error(), func() {
			_, _ = fx.Hedge(ctx, o, func(context.Context) (int, error) { return 0, nil })
		})
	}
}
