package fx_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
)

func TestPanicInOneOfManyCallsIsRaisedInTheLoop(t *testing.T) {
	for _, o := range []fx.ParallelOptions{workers(1), workers(4), unordered(4)} {
		requirePanic(t, errDown, func() {
			collect(fx.ParallelMap(ctx, endless(), o, func(_ context.Context, n int) (int, error) {
				if n == 100 {
					panic(errDown)
				}
				return n, nil
			}))
		})
		requirePanic(t, errDown, func() {
			collect(fx.ParallelMap(ctx, failing(100, errDown), o, func(_ context.Context, n int) (int, error) { return n, nil }))
		})
		requirePanic(t, errDown, func() {
			_ = fx.ParallelForEach(ctx, upTo(4), o, func(context.Context, int) error { panic(errDown) })
		})
		requirePanic(t, errDown, func() {
			collect(fx.ParallelFilter(ctx, upTo(4), o, func(context.Context, int) (bool, error) { panic(errDown) }))
		})
	}
}

func TestPanicIsRaisedAlsoAfterTheBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requirePanic(t, errDown, func() {
			begun := make(chan struct{}) // lest the loop is over before
			for range fx.ParallelMap(t.Context(), upTo(2), workers(2), func(ctx context.Context, n int) (int, error) {
				if n == 1 {
					close(begun)
					<-ctx.Done()
					panic(errDown)
				}
				<-begun
				return n, nil
			}) {
				break
			}
		})
	})
}

func TestPanicOfTheBodyStopsEverything(t *testing.T) {
	for _, o := range []fx.ParallelOptions{workers(3), unordered(3)} {
		require.PanicsWithValue(t, errOther, func() {
			for range fx.ParallelMap(ctx, endless(), o, func(_ context.Context, n int) (int, error) { return n, nil }) {
				panic(errOther)
			}
		})
	}
}

func TestGoexitEndsTheLoop(t *testing.T) {
	for _, o := range []fx.ParallelOptions{workers(1), workers(3), unordered(3)} {
		require.True(t, exits(func() {
			collect(fx.ParallelMap(ctx, endless(), o, func(_ context.Context, n int) (int, error) {
				if n == 50 {
					runtime.Goexit()
				}
				return n, nil
			}))
		}), "of a call")
		require.True(t, exits(func() {
			source := fx.From(func(yield func(int) bool) { yield(1); runtime.Goexit() })
			collect(fx.ParallelMap(ctx, source, o, func(_ context.Context, n int) (int, error) { return n, nil }))
		}), "of the source")
		require.True(t, exits(func() {
			for range fx.ParallelMap(ctx, endless(), o, func(_ context.Context, n int) (int, error) { return n, nil }) {
				runtime.Goexit()
			}
		}), "of the body")
	}
}

func TestAllWorkersMayPanicAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requirePanic(t, errDown, func() {
			_ = fx.ParallelForEach(t.Context(), upTo(16), workers(16), func(context.Context, int) error {
				time.Sleep(time.Second)
				panic(errDown)
			})
		})
	})
}

func TestPanicOfASourceLeftBehindGoesToTheHook(t *testing.T) {
	logged := catchLog(t)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := fx.From(func(yield func(int) bool) {
			yield(1)
			<-release
			panic(errDown)
		})
		var hooked []*weir.Panic
		o := fx.ParallelOptions{Workers: 2, OnPanic: func(p *weir.Panic) { hooked = append(hooked, p) }}
		require.ErrorIs(t, fx.ParallelForEach(t.Context(), s, o, func(context.Context, int) error { return errOther }), errOther)
		require.Empty(t, hooked)
		close(release)
		synctest.Wait()
		require.Len(t, hooked, 1)
		require.Equal(t, errDown, hooked[0].Value)
	})
	require.Empty(t, logged())
}
