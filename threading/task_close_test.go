package threading_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/threading"
)

func TestCloseFinishesWhatWasAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2, Queue: 4})
		begin := time.Now()
		for range 6 {
			require.NoError(t, r.Schedule(t.Context(), sleeper))
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			require.Equal(t, threading.ErrClosed, r.Schedule(t.Context(), sleeper), "it waits for room")
			require.Zero(t, time.Since(begin))
		})
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				require.NoError(t, r.Close(t.Context()))
				require.Equal(t, 3*time.Second, time.Since(begin))
			})
		}
		wg.Wait()
		require.Equal(t, threading.ErrClosed, r.Schedule(t.Context(), sleeper))
		require.False(t, r.TrySchedule(sleeper))
		require.NoError(t, r.Close(t.Context()))
		require.NoError(t, r.Wait(t.Context()))
		require.EqualValues(t, 6, r.Stats().Done)
	})
}

func TestCloseOutOfTimeDropsWhatHasNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2, Queue: 10})
		begin := time.Now()
		for range 10 {
			require.NoError(t, r.Schedule(t.Context(), sleeper))
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 1500*time.Millisecond, errImpatient)
		defer cancel()
		require.ErrorIs(t, r.Close(ctx), errImpatient)
		require.Equal(t, threading.TaskStats{Workers: 2, Running: 2, Accepted: 10, Done: 2, Dropped: 6}, r.Stats())
		require.NoError(t, r.Close(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(begin))
	})
}

func TestCloseWithADoneContextStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
		require.Equal(t, context.Canceled, r.Close(doneContext()), "also where nothing is left to do")
		require.Equal(t, threading.ErrClosed, r.Schedule(t.Context(), sleeper))
	})
}

func TestTaskMayCloseItsRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2})
		begin := time.Now()
		var closers atomic.Int32
		for range 4 {
			require.NoError(t, r.Schedule(t.Context(), func() {
				time.Sleep(time.Second)
				require.NoError(t, r.Close(t.Context()))
				closers.Add(1)
			}))
		}
		require.NoError(t, r.Wait(t.Context()))
		require.EqualValues(t, 4, closers.Load())
		require.Equal(t, 2*time.Second, time.Since(begin))
		require.NoError(t, r.Close(t.Context()))
	})
}
