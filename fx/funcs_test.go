package fx_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

func TestParallelCallsAllAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		nap := func(context.Context) error { time.Sleep(time.Second); calls.Add(1); return nil }
		start := time.Now()
		require.NoError(t, fx.Parallel(t.Context(), nap, nap, nap))
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, int64(3), calls.Load())
	})
	require.NoError(t, fx.Parallel(ctx))
}

func TestFirstErrorOfParallelCancelsTheOthersWhichAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		start := time.Now()
		err := fx.Parallel(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			require.Equal(t, errDown, context.Cause(ctx))
			time.Sleep(time.Second)
			ended = true
			return errOther
		}, func(context.Context) error {
			time.Sleep(time.Second)
			return errDown
		})
		require.True(t, err == errDown)
		require.True(t, ended)
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestParallelCallsNothingWhenItsContextIsDone(t *testing.T) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	err := fx.Parallel(ctx, func(context.Context) error { t.Error("called"); return nil })
	require.True(t, err == context.Canceled)
	require.True(t, fx.Parallel(ctx) == context.Canceled)
}

// Where a fn is run, by a goroutine of its own or by the caller, makes no difference.
func TestPanicInParallelCancelsTheOthersAndReachesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := func(context.Context) error { panic(errDown) }
		waits := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		requirePanic(t, errDown, func() { _ = fx.Parallel(t.Context(), panics, waits, waits) })
		requirePanic(t, errDown, func() { _ = fx.Parallel(t.Context(), waits, waits, panics) })
		requirePanic(t, errDown, func() { _ = fx.Parallel(t.Context(), panics) })
	})
}

func TestGoexitInParallelReachesTheCaller(t *testing.T) {
	waits := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	leaves := func(context.Context) error { runtime.Goexit(); return nil }
	require.True(t, exits(func() { _ = fx.Parallel(ctx, leaves, waits) }))
	require.True(t, exits(func() { _ = fx.Parallel(ctx, waits, leaves) }))
}

func TestPanicBesideAGoexitIsLogged(t *testing.T) {
	logged := catchLog(t)
	require.True(t, exits(func() {
		_ = fx.Parallel(ctx, func(ctx context.Context) error {
			panic(errDown)
		}, func(ctx context.Context) error {
			<-ctx.Done()
			runtime.Goexit()
			return nil
		})
	}))
	require.Contains(t, logged(), `msg="fx: panic in a func of Parallel" panic=down`)
}
