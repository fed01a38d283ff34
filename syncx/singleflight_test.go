package syncx_test

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// leaders are the two ways a load begins: in the goroutine of a caller who can
// never leave, and in one of its own.
var leaders = map[string]func(t *testing.T) context.Context{
	"cannot leave": func(*testing.T) context.Context { return context.Background() },
	"can leave":    func(t *testing.T) context.Context { return t.Context() },
	"has values":   func(*testing.T) context.Context { return context.WithValue(context.Background(), userKey{}, "ann") },
}

type userKey struct{}

// eachLeader runs test in a bubble of its own for each of leaders.
func eachLeader(t *testing.T, test func(t *testing.T, ctx context.Context)) {
	for name, leader := range leaders {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, leader(t)) })
		})
	}
}

// after returns a load that takes its time, whatever its context does.
func after[V any](d time.Duration, v V, err error) func(context.Context) (V, error) {
	return func(context.Context) (V, error) {
		time.Sleep(d)
		return v, err
	}
}

func TestSingleFlightLoadsOnceForAllWhoAskMeanwhile(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, int]
		var calls, fresh atomic.Int64
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				v, mine, err := s.DoEx(ctx, "key", func(context.Context) (int, error) {
					time.Sleep(time.Second)
					return int(calls.Add(1)), nil
				})
				require.NoError(t, err)
				require.Equal(t, 1, v)
				if mine {
					fresh.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, calls.Load())
		require.EqualValues(t, 1, fresh.Load(), "one caller is told that it was its fn")
	})
}

func TestSingleFlightLoadsEachKeyByItself(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[int, int]
		var calls atomic.Int64
		var wg sync.WaitGroup
		for _, key := range []int{1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3} {
			wg.Go(func() {
				v, err := s.Do(ctx, key, func(context.Context) (int, error) {
					calls.Add(1)
					time.Sleep(time.Second)
					return key * key, nil
				})
				require.NoError(t, err)
				require.Equal(t, key*key, v)
			})
		}
		wg.Wait()
		require.EqualValues(t, 5, calls.Load())
	})
}

func TestSingleFlightRemembersNothing(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, int]
		for i := range 3 {
			v, fresh, err := s.DoEx(ctx, "key", after(0, i, nil))
			require.NoError(t, err)
			require.True(t, fresh)
			require.Equal(t, i, v)
		}
	})
}

func TestSingleFlightSharesTheError(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, int]
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				v, err := s.Do(ctx, "key", after(time.Second, 7, io.EOF))
				require.Equal(t, io.EOF, err)
				require.Equal(t, 7, v, "what comes with an error is not dropped")
			})
		}
		wg.Wait()
	})
}

func TestForgottenLoadKeepsThoseWhoWaitButTakesNobodyOn(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, string]
		var wg sync.WaitGroup
		ask := func(want, own string) {
			wg.Go(func() {
				v, err := s.Do(ctx, "key", after(time.Second, own, nil))
				require.NoError(t, err)
				require.Equal(t, want, v)
			})
			synctest.Wait()
		}
		ask("old", "old")
		ask("old", "none")
		s.Forget("key")
		s.Forget("another")
		time.Sleep(500 * time.Millisecond)
		ask("new", "new")
		time.Sleep(700 * time.Millisecond) // the old load has ended, and left the new one alone
		ask("new", "none")
		wg.Wait()
	})
}

func TestLoadHasTheValuesOfTheFirstCallerAndNeitherItsDeadlineNorItsCancel(t *testing.T) {
	for name, detach := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"inline": func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		},
		"detached": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			return context.WithoutCancel(ctx), cancel
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := detach(context.WithValue(context.Background(), userKey{}, "ann"))
				defer cancel()
				var s syncx.SingleFlight[string, any]
				v, err := s.Do(ctx, "key", func(ctx context.Context) (any, error) {
					_, limited := ctx.Deadline()
					require.False(t, limited)
					require.NoError(t, ctx.Err())
					require.NoError(t, context.Cause(ctx))
					return ctx.Value(userKey{}), nil
				})
				require.NoError(t, err)
				require.Equal(t, "ann", v)
			})
		})
	}
}

func TestContextOfAnInlineLoadIsAnEmptyOne(t *testing.T) {
	var s syncx.SingleFlight[string, int]
	for _, ctx := range []context.Context{context.Background(), context.TODO()} {
		_, err := s.Do(ctx, "key", func(ctx context.Context) (int, error) {
			_, limited := ctx.Deadline()
			require.False(t, limited)
			require.Nil(t, ctx.Done())
			require.NoError(t, ctx.Err())
			require.Nil(t, ctx.Value(userKey{}))
			require.Nil(t, ctx.Value([]int{}), "a key that cannot be compared is no panic")
			child, cancel := context.WithCancel(ctx)
			cancel()
			require.Equal(t, context.Canceled, child.Err())
			return 0, nil
		})
		require.NoError(t, err)
	}
}

func TestSingleFlightRefusesBadInputAtTheCallAndStaysUsable(t *testing.T) {
	ctx := context.Background()
	fn := after[int](0, 1, nil)
	var floats syncx.SingleFlight[float64, int]
	require.PanicsWithValue(t, "syncx: a key of SingleFlight does not equal itself, as NaN does not",
		func() { _, _ = floats.Do(ctx, math.NaN(), fn) })
	require.Panics(t, func() { floats.Forget(math.NaN()) })

	var anys syncx.SingleFlight[any, int]
	for _, key := range []any{[]int{1}, map[int]int{}, func() {}, struct{ v any }{[]int{}}, math.NaN(), [1]any{math.NaN()}} {
		require.Panics(t, func() { _, _ = anys.Do(ctx, key, fn) }, "%T", key)
		require.Panics(t, func() { anys.Forget(key) }, "%T", key)
	}
	require.PanicsWithValue(t, "syncx: SingleFlight has no nil fn to call", func() { _, _ = anys.Do(ctx, 1, nil) })

	for _, key := range []any{nil, 1, "key", struct{}{}, math.Inf(1)} {
		v, err := anys.Do(ctx, key, fn)
		require.NoError(t, err)
		require.Equal(t, 1, v)
	}
}

func TestSingleFlightDropsTheRoomOfABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[int, int]
		for range 2 {
			var wg sync.WaitGroup
			for key := range 3000 {
				wg.Go(func() {
					v, err := s.Do(t.Context(), key, after(time.Second, key, nil))
					require.NoError(t, err)
					require.Equal(t, key, v)
				})
			}
			wg.Wait()
			require.Zero(t, s.Room())
		}
	})
}

func TestOnlyTheFirstCallersFunctionIsCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[string, int]
		go func() { _, _ = s.Do(t.Context(), "key", after(time.Second, 1, nil)) }()
		synctest.Wait()
		v, fresh, err := s.DoEx(t.Context(), "key", func(context.Context) (int, error) {
			return 0, errors.New("must not be called")
		})
		require.NoError(t, err)
		require.False(t, fresh)
		require.Equal(t, 1, v)
	})
}
