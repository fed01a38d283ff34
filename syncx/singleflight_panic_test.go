package syncx_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/syncx"
)

func breaksDeepDown(context.Context) (int, error) {
	time.Sleep(time.Second)
	panic(io.ErrUnexpectedEOF)
}

func exits(context.Context) (int, error) {
	time.Sleep(time.Second)
	runtime.Goexit()
	return 1, nil
}

// An ending is how a caller came out of Do.
type ending struct {
	returned bool
	panicked any // neither: it exited
}

// endings runs do on n goroutines at once, and tells how each came out.
func endings(n int, do func()) []ending {
	all := make([]ending, n)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			defer func() { all[i].panicked = recover() }()
			do()
			all[i].returned = true
		})
	}
	wg.Wait()
	return all
}

func TestPanicReachesEveryCallerWithTheStackOfTheLoad(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		s := syncx.SingleFlight[string, int]{OnPanic: func(*weir.Panic) { t.Error("somebody was waiting") }}
		got := endings(5, func() { _, _ = s.Do(ctx, "key", breaksDeepDown) })
		first, _ := got[0].panicked.(*weir.Panic)
		require.NotNil(t, first)
		require.ErrorIs(t, first, io.ErrUnexpectedEOF)
		require.Contains(t, string(first.Stack), "breaksDeepDown")
		for _, e := range got {
			require.False(t, e.returned)
			require.Same(t, first, e.panicked)
		}
		requireUsable(t, ctx, &s)
	})
}

func TestGoexitReachesEveryCaller(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, int]
		got := endings(5, func() { _, _ = s.Do(ctx, "key", exits) })
		require.Equal(t, make([]ending, 5), got, "neither returned nor panicked")
		requireUsable(t, ctx, &s)
	})
}

func requireUsable(t *testing.T, ctx context.Context, s *syncx.SingleFlight[string, int]) {
	require.True(t, s.Idle())
	v, err := s.Do(ctx, "key", after(0, 1, nil))
	require.NoError(t, err)
	require.Equal(t, 1, v)
}

func TestNilPanicIsAPanic(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, int]
		got := endings(1, func() {
			_, _ = s.Do(ctx, "key", func(context.Context) (int, error) { panic(nil) })
		})
		p, _ := got[0].panicked.(*weir.Panic)
		require.NotNil(t, p)
		var nilPanic *runtime.PanicNilError
		require.True(t, errors.As(p, &nilPanic))
	})
}

func TestPanicThroughTwoLoadsKeepsTheFirstStack(t *testing.T) {
	eachLeader(t, func(t *testing.T, ctx context.Context) {
		var s syncx.SingleFlight[string, int]
		got := endings(2, func() {
			_, _ = s.Do(ctx, "outer", func(ctx context.Context) (int, error) { return s.Do(ctx, "inner", breaksDeepDown) })
		})
		for _, e := range got {
			p, _ := e.panicked.(*weir.Panic)
			require.NotNil(t, p)
			require.Equal(t, io.ErrUnexpectedEOF, p.Value)
			require.Contains(t, string(p.Stack), "breaksDeepDown")
		}
	})
}

// abandon starts a load and leaves it.
func abandon(t *testing.T, s *syncx.SingleFlight[string, int], fn func(context.Context) (int, error)) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := s.Do(ctx, "key", fn)
	require.Equal(t, context.DeadlineExceeded, err)
}

func TestPanicOfAnAbandonedLoadGoesToTheHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported []*weir.Panic
		s := syncx.SingleFlight[string, int]{OnPanic: func(p *weir.Panic) { reported = append(reported, p) }}
		abandon(t, &s, breaksDeepDown)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, reported, 1)
		require.Equal(t, io.ErrUnexpectedEOF, reported[0].Value)
		require.Contains(t, string(reported[0].Stack), "breaksDeepDown")
	})
}

func TestPanicOfAnAbandonedLoadIsLoggedOnceWithoutAHook(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[string, int]
		abandon(t, &s, breaksDeepDown)
		time.Sleep(time.Minute)
	})
	require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("\n")))
	require.Contains(t, log.String(), "syncx: panic in a load that nobody waits for any more")
	require.Contains(t, log.String(), "breaksDeepDown")
}

// The caller's context ends as the load panics. Whether the caller has left by
// then is a matter of luck, but one of the two hears of it.
func TestPanicIsNeverLostAsTheLastCallerLeaves(t *testing.T) {
	for range 500 {
		synctest.Test(t, func(t *testing.T) {
			var heard atomic.Int64
			s := syncx.SingleFlight[string, int]{OnPanic: func(*weir.Panic) { heard.Add(1) }}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			got := endings(1, func() {
				_, err := s.Do(ctx, "key", func(context.Context) (int, error) {
					cancel()
					panic("lost")
				})
				require.Equal(t, context.Canceled, err)
			})
			synctest.Wait()
			if !got[0].returned {
				heard.Add(1)
			}
			require.EqualValues(t, 1, heard.Load())
		})
	}
}

func TestGoexitOfAnAbandonedLoadIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := syncx.SingleFlight[string, int]{OnPanic: func(*weir.Panic) { t.Error("no panic") }}
		abandon(t, &s, exits)
		time.Sleep(time.Minute)
		requireUsable(t, t.Context(), &s)
	})
}
