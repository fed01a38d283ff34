package syncx_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

func TestLoadThatAsksForItsOwnKeyIsToldSo(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, int]
		v, err := s.Do(ctx, "key", func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithTimeout(context.WithValue(ctx, userKey{}, "bob"), time.Hour)
			defer cancel()
			v, fresh, err := s.DoEx(ctx, "key", after(0, 2, nil))
			require.Equal(t, syncx.ErrRecursive, err)
			require.False(t, fresh)
			return v + 1, nil
		})
		require.NoError(t, err)
		require.Equal(t, 1, v, "the outer load is none the worse")
		require.True(t, s.Idle())
	})
}

func TestRecursionIsSeenThroughOtherKeysAndTypes(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, int]
		var other syncx.SingleFlight[int, string]
		_, err := s.Do(ctx, "key", func(ctx context.Context) (int, error) {
			text, err := other.Do(ctx, 1, func(ctx context.Context) (string, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				v, err := s.Do(ctx, "another", func(ctx context.Context) (int, error) {
					return s.Do(ctx, "key", after(0, 2, nil))
				})
				return strconv.Itoa(v), err
			})
			v, _ := strconv.Atoi(text)
			return v, err
		})
		require.Equal(t, syncx.ErrRecursive, err)
	})
}

func TestLoadMayAskForOtherKeysAlsoOnesBeingLoaded(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s, same syncx.SingleFlight[string, int]
		go func() { _, _ = s.Do(ctx, "another", after(time.Second, 20, nil)) }()
		synctest.Wait()
		v, err := s.Do(ctx, "key", func(ctx context.Context) (int, error) {
			a, err := s.Do(ctx, "another", after(time.Second, -1, nil))
			require.NoError(t, err)
			b, err := same.Do(ctx, "key", after(time.Second, 3, nil))
			return a + b, err
		})
		require.NoError(t, err)
		require.Equal(t, 23, v)
	})
}

func TestContextThatOutlivesItsLoadIsNotTakenForALaterOne(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, context.Context]
		kept := make([]context.Context, 0, 600)
		for range cap(kept) { // more than identities are made at once
			inner, err := s.Do(ctx, "key", func(ctx context.Context) (context.Context, error) { return ctx, nil })
			require.NoError(t, err)
			kept = append(kept, context.WithoutCancel(inner))
		}
		go func() {
			_, _ = s.Do(ctx, "key", func(ctx context.Context) (context.Context, error) {
				time.Sleep(time.Second)
				return ctx, nil
			})
		}()
		synctest.Wait()
		for _, stray := range kept {
			stray, cancel := context.WithTimeout(stray, time.Millisecond)
			_, err := s.Do(stray, "key", nil2)
			cancel()
			require.Equal(t, context.DeadlineExceeded, err)
		}
		time.Sleep(time.Second)
	})
}

func nil2(context.Context) (context.Context, error) { return nil, nil }

func TestForgottenLoadMayAskForItsKeyAnew(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, int]
		v, err := s.Do(ctx, "key", func(ctx context.Context) (int, error) {
			s.Forget("key")
			return s.Do(ctx, "key", after(time.Second, 2, nil))
		})
		require.NoError(t, err)
		require.Equal(t, 2, v)
	})
}

// A recursive call is a caller for an instant; it must not keep a load alive that
// all others have left.
func TestRecursiveCallDoesNotKeepAnAbandonedLoadAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[string, int]
		caller, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		ended := make(chan time.Duration, 1)
		start := time.Now()
		_, err := s.Do(caller, "key", func(ctx context.Context) (int, error) {
			_, err := s.Do(ctx, "key", after(0, 2, nil))
			require.Equal(t, syncx.ErrRecursive, err)
			<-ctx.Done()
			ended <- time.Since(start)
			return 0, nil
		})
		require.Equal(t, context.DeadlineExceeded, err)
		require.Equal(t, time.Second, <-ended)
	})
}
