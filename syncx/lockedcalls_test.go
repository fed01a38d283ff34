package syncx_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

func pause(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(d)
		return nil
	}
}

func TestCallsOfAKeyRunOneByOneInTheOrderOfTheirComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l syncx.LockedCalls[string]
		var order []int
		var wg sync.WaitGroup
		running, start := 0, time.Now()
		for i := range 10 {
			wg.Go(func() {
				require.NoError(t, l.Do(t.Context(), "key", func(context.Context) error {
					running++
					require.Equal(t, 1, running)
					order = append(order, i)
					time.Sleep(time.Second)
					running--
					return nil
				}))
			})
			synctest.Wait()
		}
		wg.Wait()
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order)
		require.Equal(t, 10*time.Second, time.Since(start))
		require.Zero(t, l.Keys())
	})
}

func TestCallsOfDifferentKeysRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l syncx.LockedCalls[int]
		var wg sync.WaitGroup
		start := time.Now()
		for key := range 100 {
			wg.Go(func() { require.NoError(t, l.Do(t.Context(), key, pause(time.Second))) })
		}
		synctest.Wait()
		require.Equal(t, 100, l.Keys())
		wg.Wait()
		require.Equal(t, time.Second, time.Since(start))
		require.Zero(t, l.Keys(), "what is not used is forgotten")
	})
}

func TestEachCallerGetsWhatItsOwnFunctionReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l syncx.LockedCalls[string]
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				v, err := syncx.LockedCall(t.Context(), &l, "key", func(context.Context) (int, error) {
					time.Sleep(time.Second)
					return i, errDial
				})
				require.Equal(t, i, v)
				require.Equal(t, errDial, err)
			})
		}
		wg.Wait()
	})
}

func TestCallerLeavesTheLineAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l syncx.LockedCalls[string]
		go func() { _ = l.Do(t.Context(), "key", pause(time.Minute)) }()
		synctest.Wait()
		start := time.Now()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		never := func(context.Context) error { return errors.New("its turn has not come") }
		err := l.Do(ctx, "key", never)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errImpatient)
		require.Equal(t, time.Second, time.Since(start))
		require.ErrorIs(t, l.Do(ctx, "another", never), errImpatient)
		require.NoError(t, l.Do(t.Context(), "key", pause(0)))
		require.Equal(t, time.Minute, time.Since(start))
		require.Zero(t, l.Keys())
	})
}

func TestTurnThatComesWithTheEndOfAContextIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l syncx.LockedCalls[string]
		ctx := newDying()
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { _ = l.Do(t.Context(), "key", pause(time.Second)) }()
		synctest.Wait()
		go func() { first <- l.Do(ctx, "key", pause(0)) }()
		synctest.Wait()
		go func() { second <- l.Do(t.Context(), "key", pause(0)) }()
		synctest.Wait()
		ctx.end()
		require.Equal(t, context.Canceled, <-first)
		require.NoError(t, <-second)
		require.Zero(t, l.Keys())
	})
}

func TestCallThatDoesNotReturnLetsTheNextOneRun(t *testing.T) {
	for name, e := range noReturns {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l syncx.LockedCalls[string]
				var wg sync.WaitGroup
				wg.Go(func() {
					recovered, returned := alone(func() {
						_ = l.Do(t.Context(), "key", func(context.Context) error {
							time.Sleep(time.Second)
							e.end()
							return nil
						})
					})
					require.False(t, returned)
					require.IsType(t, e.recovered, recovered)
				})
				synctest.Wait()
				require.NoError(t, l.Do(t.Context(), "key", pause(0)))
				wg.Wait()
				require.Zero(t, l.Keys())
			})
		})
	}
}

func TestCallWithinACallOfItsKeyIsAnError(t *testing.T) {
	ctx := context.WithValue(t.Context(), userKey{}, "ann")
	var l syncx.LockedCalls[string]
	var other syncx.LockedCalls[int]
	err := l.Do(ctx, "key", func(ctx context.Context) error {
		require.Equal(t, "ann", ctx.Value(userKey{}))
		require.Equal(t, syncx.ErrRecursive, l.Do(ctx, "key", pause(0)))
		return other.Do(ctx, 1, func(ctx context.Context) error {
			require.NoError(t, l.Do(ctx, "free", pause(0)))
			require.Equal(t, syncx.ErrRecursive, other.Do(ctx, 1, pause(0)))
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			return l.Do(ctx, "key", pause(0))
		})
	})
	require.Equal(t, syncx.ErrRecursive, err)
	require.Zero(t, l.Keys())
	require.Zero(t, other.Keys())
}

func TestCallThatHadToWaitHasItsOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l syncx.LockedCalls[string]
		var wg sync.WaitGroup
		for _, name := range []string{"ann", "bob", "eve"} {
			wg.Go(func() {
				ctx := context.WithValue(t.Context(), userKey{}, name)
				require.NoError(t, l.Do(ctx, "key", func(ctx context.Context) error {
					time.Sleep(time.Second)
					require.Equal(t, name, ctx.Value(userKey{}))
					require.Equal(t, syncx.ErrRecursive, l.Do(ctx, "key", pause(0)))
					return ctx.Err()
				}))
			})
		}
		wg.Wait()
		require.Zero(t, l.Keys())
	})
}

// A context that a call has let out is not the call.
func TestContextOfAnEndedCallMayBeUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l syncx.LockedCalls[string]
		var escaped context.Context
		require.NoError(t, l.Do(t.Context(), "key", func(ctx context.Context) error {
			escaped = ctx
			return nil
		}))
		go func() { _ = l.Do(t.Context(), "key", pause(time.Second)) }()
		synctest.Wait()
		require.NoError(t, l.Do(escaped, "key", pause(0)))
	})
}

func TestCallIsCancelledWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l syncx.LockedCalls[string]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := l.Do(ctx, "key", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		require.Equal(t, context.DeadlineExceeded, err)
	})
}

func TestLockedCallsRefusesBadInput(t *testing.T) {
	ctx := context.Background()
	var l syncx.LockedCalls[any]
	for _, key := range []any{math.NaN(), []int{1}, struct{ v any }{func() {}}} {
		require.Panics(t, func() { _ = l.Do(ctx, key, pause(0)) }, "%T", key)
	}
	const noFunction = "syncx: LockedCalls has no nil fn to call"
	require.PanicsWithValue(t, noFunction, func() { _ = l.Do(ctx, 1, nil) })
	require.PanicsWithValue(t, noFunction, func() { _, _ = syncx.LockedCall[any, int](ctx, &l, 1, nil) })
	require.NoError(t, l.Do(ctx, nil, pause(0)))
	require.Zero(t, l.Keys())
}

func TestLockedCallsStandACrowd(t *testing.T) {
	const callers = 10_000
	var l syncx.LockedCalls[int]
	var running [8]atomic.Int64
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			key := i % len(running)
			ctx := context.Background()
			if i%3 == 0 {
				limited, cancel := context.WithTimeout(ctx, time.Duration(i%2000)*time.Microsecond)
				defer cancel()
				ctx = limited
			}
			alone(func() {
				_ = l.Do(ctx, key, func(context.Context) error {
					if running[key].Add(1) != 1 {
						t.Error("two at once")
					}
					defer running[key].Add(-1)
					mishap()
					runtime.Gosched()
					return nil
				})
			})
		})
	}
	wg.Wait()
	require.Zero(t, l.Keys())
}
