package fx_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
)

// seconds is a backoff of 1, 2, 4... seconds.
var seconds = fx.Backoff{Base: time.Second, Max: time.Hour, Jitter: fx.NoJitter}

// failTimes returns a func that fails n times, and how often it was called.
func failTimes(n int, err error) (fn func(context.Context) error, calls *int) {
	calls = new(int)
	return func(context.Context) error {
		*calls++
		if *calls <= n {
			return err
		}
		return nil
	}, calls
}

func TestRetryTriesThreeTimesByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for fails, want := range []struct {
			calls int
			err   error
		}{{1, nil}, {2, nil}, {3, nil}, {3, errDown}, {3, errDown}} {
			fn, calls := failTimes(fails, errDown)
			require.True(t, want.err == fx.Retry(t.Context(), fn, fx.RetryOptions{}))
			require.Equal(t, want.calls, *calls)
		}
	})
}

func TestRetryPausesBetweenTriesAndNotAfterTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for attempts, want := range map[int]time.Duration{1: 0, 2: 1, 3: 3, 5: 15} {
			start := time.Now()
			var events []fx.RetryEvent
			fn, calls := failTimes(100, errDown)
			err := fx.Retry(t.Context(), fn, fx.RetryOptions{Attempts: attempts, Backoff: seconds, OnRetry: func(e fx.RetryEvent) {
				require.Equal(t, *calls, e.Try)
				events = append(events, e)
			}})
			require.True(t, err == errDown)
			require.Equal(t, want*time.Second, time.Since(start))
			require.Equal(t, attempts, *calls)
			require.Len(t, events, attempts-1)
			for i, e := range events {
				require.Equal(t, fx.RetryEvent{Try: i + 1, Err: errDown, Pause: time.Second << i}, e)
			}
		}
	})
}

func TestRetryWithoutLimitGoesOnUntilItSucceeds(t *testing.T) {
	fn, calls := failTimes(1000, errDown)
	require.NoError(t, fx.Retry(ctx, fn, fx.RetryOptions{Attempts: -1, Backoff: fx.Backoff{Base: -1}}))
	require.Equal(t, 1001, *calls)
}

func TestPermanentErrorIsReturnedAtOnceAndBare(t *testing.T) {
	fn, calls := failTimes(9, fx.Permanent(errDown))
	require.True(t, errDown == fx.Retry(ctx, fn, fx.RetryOptions{}))
	require.Equal(t, 1, *calls)
	wrapped := fmt.Errorf("send: %w", fx.Permanent(errDown))
	fn, calls = failTimes(9, wrapped)
	require.True(t, wrapped == fx.Retry(ctx, fn, fx.RetryOptions{RetryIf: func(error) bool { return true }}))
	require.Equal(t, 1, *calls)
	require.ErrorIs(t, wrapped, errDown)
	require.NoError(t, fx.Permanent(nil))
	require.EqualError(t, fx.Permanent(errDown), "down")
	// Also if it is the last attempt.
	fn, _ = failTimes(9, fx.Permanent(errDown))
	require.True(t, errDown == fx.Retry(ctx, fn, fx.RetryOptions{Attempts: 1}))
}

// busy is an error that says when to come back.
type busy time.Duration

func (b busy) Error() string             { return "busy" }
func (b busy) RetryAfter() time.Duration { return time.Duration(b) }

func TestErrorThatSaysWhenIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		fn, _ := failTimes(2, fmt.Errorf("send: %w", busy(10*time.Second)))
		require.NoError(t, fx.Retry(t.Context(), fn, fx.RetryOptions{Backoff: seconds}))
		require.Equal(t, (10+1+10+2)*time.Second, time.Since(start))

		for limit, want := range map[time.Duration]int{0: 1, time.Minute: 1, 61 * time.Second: 2, -1: 2} {
			fn, calls := failTimes(1, busy(61*time.Second))
			_ = fx.Retry(t.Context(), fn, fx.RetryOptions{MaxRetryAfter: limit})
			require.Equal(t, want, *calls, limit)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		fn, calls := failTimes(1, busy(1<<63-1))
		require.ErrorIs(t, fx.Retry(ctx, fn, fx.RetryOptions{MaxRetryAfter: -1, Backoff: seconds}), busy(1<<63-1))
		require.Equal(t, 1, *calls)
		require.Zero(t, time.Since(start))
	})
}

var errRefused = weir.NewRejection("test: refused")

func TestRefusalIsRetriedOnlyIfItSaysWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		always := func(error) bool { return true }
		fn, calls := failTimes(1, errRefused)
		require.True(t, errRefused == fx.Retry(t.Context(), fn, fx.RetryOptions{RetryIf: always}))
		require.Equal(t, 1, *calls)

		fn, calls = failTimes(1, errors.Join(errRefused, busy(time.Second)))
		require.NoError(t, fx.Retry(t.Context(), fn, fx.RetryOptions{}))
		require.Equal(t, 2, *calls)

		start := time.Now()
		fn, _ = failTimes(1, errRefused)
		require.NoError(t, fx.Retry(t.Context(), fn, fx.RetryOptions{
			Backoff:    fx.Backoff{Base: -1},
			RetryAfter: func(error) time.Duration { return 5 * time.Second },
		}))
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestRetryIfDecidesAboutTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fn, calls := failTimes(9, errDown)
		var asked []error
		require.ErrorIs(t, fx.Retry(t.Context(), fn, fx.RetryOptions{RetryIf: func(err error) bool {
			asked = append(asked, err)
			return len(asked) < 2
		}}), errDown)
		require.Equal(t, 2, *calls)
		require.Equal(t, []error{errDown, errDown}, asked)

		fn, calls = failTimes(9, context.Canceled)
		require.ErrorIs(t, fx.Retry(t.Context(), fn, fx.RetryOptions{}), context.Canceled)
		require.Equal(t, 1, *calls)
		fn, calls = failTimes(1, context.DeadlineExceeded)
		require.NoError(t, fx.Retry(t.Context(), fn, fx.RetryOptions{}))
		require.Equal(t, 2, *calls)
	})
}

func TestEachTryHasATimeoutOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		calls := 0
		require.NoError(t, fx.Retry(t.Context(), func(ctx context.Context) error {
			if calls++; calls == 3 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}, fx.RetryOptions{TryTimeout: 5 * time.Second, Backoff: seconds}))
		require.Equal(t, (5+1+5+2)*time.Second, time.Since(start))

		require.NoError(t, fx.Retry(t.Context(), func(ctx context.Context) error {
			_, limited := ctx.Deadline()
			require.False(t, limited)
			return nil
		}, fx.RetryOptions{TryTimeout: -1}))
	})
}

func TestRetryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(1500*time.Millisecond, func() { cancel(errOther) })
		start := time.Now()
		fn, calls := failTimes(9, errDown)
		err := fx.Retry(ctx, fn, fx.RetryOptions{Attempts: 9, Backoff: seconds})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errOther)
		require.Equal(t, 1500*time.Millisecond, time.Since(start))
		require.Equal(t, 2, *calls)

		fn, calls = failTimes(0, nil)
		require.ErrorIs(t, fx.Retry(ctx, fn, fx.RetryOptions{}), errOther)
		require.Zero(t, *calls)
	})
}

func TestRetryDoesNotPauseForWhatTheDeadlineForbids(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		fn, calls := failTimes(9, errDown)
		require.True(t, errDown == fx.Retry(ctx, fn, fx.RetryOptions{Attempts: 9, Backoff: seconds}))
		require.Equal(t, time.Second, time.Since(start), "the pause of 2 s would end with the context")
		require.Equal(t, 2, *calls)
	})
}

func TestErrorOfATryThatTheCallerCancelledIsReturned(t *testing.T) {
	ctx, cancel := context.WithCancel(ctx)
	calls := 0
	require.True(t, errDown == fx.Retry(ctx, func(context.Context) error { calls++; cancel(); return errDown }, fx.RetryOptions{}))
	require.Equal(t, 1, calls)
}

func TestPanicGoesThroughRetryUntouched(t *testing.T) {
	calls := 0
	require.PanicsWithValue(t, "mine", func() {
		_ = fx.Retry(ctx, func(ctx context.Context) error { calls++; panic("mine") }, fx.RetryOptions{TryTimeout: time.Hour})
	})
	require.Equal(t, 1, calls)
	require.PanicsWithValue(t, "fx: unknown Backoff.Jitter", func() {
		_ = fx.Retry(ctx, func(context.Context) error { return nil }, fx.RetryOptions{Backoff: fx.Backoff{Jitter: 9}})
	})
}
