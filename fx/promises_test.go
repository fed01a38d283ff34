package fx_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
)

// logOf returns what fn logs, whatever becomes of the goroutine that it runs on.
func logOf(fn func()) string {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	var done sync.WaitGroup
	done.Go(func() {
		defer func() { _ = recover() }()
		fn()
	})
	done.Wait()
	return out.String()
}

func TestThePanicBesideAGoexitIsTold(t *testing.T) {
	var raised any
	log := logOf(func() {
		defer func() { raised = recover() }()
		_ = fx.Parallel(context.Background(),
			func(context.Context) error { runtime.Goexit(); return nil },
			func(ctx context.Context) error { <-ctx.Done(); panic("bug") },
			func(ctx context.Context) error { <-ctx.Done(); return nil })
	})
	require.True(t, raised != nil || log != "", "it is lost")
}

func TestPanicsButTheFirstAreReported(t *testing.T) {
	log := logOf(func() {
		_ = fx.Parallel(context.Background(),
			func(context.Context) error { panic("one") },
			func(ctx context.Context) error { <-ctx.Done(); panic("two") })
	})
	require.Contains(t, log, "two")

	var told atomic.Int32
	var both sync.WaitGroup
	both.Add(2)
	logOf(func() {
		o := fx.ParallelOptions{Workers: 2, OnPanic: func(*weir.Panic) { told.Add(1) }}
		for range fx.ParallelMap(context.Background(), fx.Just(1, 2), o, func(_ context.Context, i int) (int, error) {
			both.Done()
			both.Wait()
			panic(i)
		}) {
		}
	})
	require.Equal(t, int32(1), told.Load())
}

func TestAHookThatPanicsIsLoggedAndKillsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
		defer slog.SetDefault(before)
		o := fx.HedgeOptions{Delay: time.Millisecond, OnPanic: func(*weir.Panic) { panic("hook") }}
		_, err := fx.Hedge(t.Context(), o, func(ctx context.Context) (int, error) {
			select {
			case <-ctx.Done():
				panic("late")
			case <-time.After(20 * time.Millisecond):
				return 1, nil
			}
		})
		require.NoError(t, err)
		synctest.Wait()
		require.Contains(t, out.String(), "panic=late")
		require.Contains(t, out.String(), "panic=hook")
	})
}

func TestARetryAfterInThePastMeansNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, calls, asked := time.Now(), 0, 0
		err := fx.Retry(t.Context(), func(context.Context) error {
			if calls++; calls == 1 {
				return errors.New("busy")
			}
			return nil
		}, fx.RetryOptions{RetryAfter: func(error) time.Duration { asked++; return -time.Second }})
		require.NoError(t, err)
		require.Less(t, time.Since(began), time.Minute)
		require.Equal(t, 1, asked, "for each error")
	})
}

func TestHedgeReturnsTheErrorOfADoneContext(t *testing.T) {
	cause := errors.New("shutdown")
	for range 200 { // chance decides what a select sees first
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(100*time.Millisecond, func() { cancel(cause) }) // when the hedge is due
			_, err := fx.Hedge(ctx, fx.HedgeOptions{Delay: 100 * time.Millisecond}, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, errors.New("connection closed")
			})
			require.ErrorIs(t, err, cause)
		})
	}
}
