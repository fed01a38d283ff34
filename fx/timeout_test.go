package fx_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

func TestTimeoutReturnsWhatTheFuncReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, fx.Timeout(t.Context(), time.Second, func(context.Context) error { return nil }))
		require.True(t, errDown == fx.Timeout(t.Context(), time.Second, func(ctx context.Context) error {
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, time.Second, time.Until(deadline))
			time.Sleep(time.Second - 1)
			return errDown
		}))
		v, err := fx.TimeoutCall(t.Context(), time.Second, func(context.Context) (int, error) { return 7, errDown })
		require.Equal(t, 7, v)
		require.True(t, err == errDown)
	})
}

func TestFuncThatHeedsItsContextDoesNotRunAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := fx.Timeout(t.Context(), time.Second, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		require.True(t, err == context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		// One that ends at the deadline, or in the millisecond after, has succeeded.
		for _, d := range []time.Duration{0, time.Millisecond - 1} {
			require.NoError(t, fx.Timeout(t.Context(), time.Second, func(context.Context) error {
				time.Sleep(time.Second + d)
				return nil
			}))
		}
	})
}

func TestFuncThatIgnoresItsContextIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		v, err := fx.TimeoutCall(t.Context(), time.Second, func(context.Context) (int, error) {
			time.Sleep(time.Hour)
			return 7, nil
		})
		require.Equal(t, time.Second+time.Millisecond, time.Since(start))
		require.Zero(t, v)
		require.ErrorIs(t, err, fx.ErrStillRunning)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "fx: still running: context deadline exceeded")
		time.Sleep(time.Hour)
	})
}

func TestTimeoutEndsWithTheContextOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errDown) })
		start := time.Now()
		err := fx.Timeout(ctx, time.Minute, func(context.Context) error { time.Sleep(time.Hour); return nil })
		require.Equal(t, time.Second+time.Millisecond, time.Since(start))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errDown)
		require.ErrorIs(t, err, fx.ErrStillRunning)
		require.NotErrorIs(t, err, context.DeadlineExceeded)

		called := func(context.Context) error { t.Error("called"); return nil }
		require.ErrorIs(t, fx.Timeout(ctx, time.Minute, called), errDown)
		for _, d := range []time.Duration{0, -1} {
			require.True(t, fx.Timeout(t.Context(), d, called) == context.DeadlineExceeded)
		}
		time.Sleep(time.Hour)
	})
}

func TestPanicUnderTimeoutReachesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requirePanic(t, errDown, func() {
			_ = fx.Timeout(t.Context(), time.Second, func(context.Context) error { panic(errDown) })
		})
		requirePanic(t, errDown, func() {
			_ = fx.Timeout(t.Context(), time.Second, func(ctx context.Context) error { <-ctx.Done(); panic(errDown) })
		})
	})
	require.True(t, exits(func() {
		_ = fx.Timeout(ctx, time.Hour, func(context.Context) error { runtime.Goexit(); return nil })
	}))
}

func TestPanicOfAFuncLeftBehindIsLogged(t *testing.T) {
	logged := catchLog(t)
	synctest.Test(t, func(t *testing.T) {
		err := fx.Timeout(t.Context(), time.Second, func(context.Context) error { time.Sleep(time.Hour); panic(errDown) })
		require.ErrorIs(t, err, fx.ErrStillRunning)
		time.Sleep(time.Hour)
		synctest.Wait()
	})
	require.Contains(t, logged(), `msg="fx: panic in a func that Timeout has left behind" panic=down`)
}
