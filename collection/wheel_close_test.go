package collection_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestWheelFiresNothingOnceClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		require.NoError(t, w.Set("a", 1, time.Second))
		require.NoError(t, w.Set("b", 2, time.Minute))
		for range 2 {
			require.NoError(t, w.Close(context.Background()))
		}
		require.ErrorIs(t, w.Set("c", 3, time.Second), collection.ErrClosed)
		require.ErrorIs(t, w.Set("a", 3, time.Second), collection.ErrClosed)
		require.True(t, w.Move("a", 0))
		passes(time.Hour)
		require.Empty(t, *fired)
		require.Equal(t, 2, w.Len())
		v, ok := w.Remove("b")
		require.True(t, ok)
		require.Equal(t, 2, v)
		n, err := w.Drain(context.Background(), func(k string, v int, remaining time.Duration) {
			require.Equal(t, "a", k)
			require.Equal(t, 1, v)
			require.Zero(t, remaining)
		})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Zero(t, w.Len())
	})
}

func TestWheelCloseWaitsForCallbacksThatRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := collection.NewTimingWheel(collection.WheelOptions[int, int]{Workers: 2, OnFire: func(int, int) {
			time.Sleep(time.Minute)
		}})
		for i := range 4 {
			require.NoError(t, w.Set(i, 0, time.Second))
		}
		passes(time.Second)
		cause := errors.New("no time")
		ctx, cancel := context.WithTimeoutCause(context.Background(), ms(500), cause)
		defer cancel()
		err := w.Close(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, cause)
		require.Equal(t, ms(1500), time.Since(start))
		require.NoError(t, w.Close(context.Background()))
		require.Equal(t, 61*time.Second, time.Since(start))
		require.Equal(t, 2, w.Len(), "what had no worker does not start any more")
		require.NoError(t, w.Close(ctx), "nothing is left to wait for")
	})
}

func TestWheelCanBeClosedByItsOwnCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var w *collection.TimingWheel[string, int]
		closed := map[string]time.Duration{}
		w = collection.NewTimingWheel(collection.WheelOptions[string, int]{OnFire: func(k string, _ int) {
			if k == "slow" {
				time.Sleep(time.Minute)
				return
			}
			require.NoError(t, w.Close(context.Background()))
			closed[k] = time.Since(start)
			time.Sleep(time.Hour)
		}})
		require.NoError(t, w.Set("slow", 0, time.Second))
		require.NoError(t, w.Set("closes", 0, time.Second))
		require.NoError(t, w.Set("late", 0, 2*time.Second))
		passes(2 * time.Second)
		require.NoError(t, w.Close(context.Background()), "from outside, it waits for all of them")
		require.Equal(t, time.Hour+61*time.Second, time.Since(start))
		require.Equal(t, map[string]time.Duration{"closes": 61 * time.Second}, closed)
		require.Equal(t, 1, w.Len())
	})
}

func TestWheelCallbacksThatCloseDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		timers := collection.NewTimers(collection.TimersOptions{})
		var returned atomic.Int32
		for range 3 {
			timers.AfterFunc(time.Second, func() {
				time.Sleep(time.Second)
				require.NoError(t, timers.Close(context.Background()))
				require.Equal(t, 2*time.Second, time.Since(start))
				returned.Add(1)
			})
		}
		passes(time.Hour)
		require.EqualValues(t, 3, returned.Load())
	})
}

// The callback of another wheel is as good as anybody from outside.
func TestWheelClosedByAnotherWheelsCallbackWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		a, b := collection.NewTimers(collection.TimersOptions{}), collection.NewTimers(collection.TimersOptions{})
		a.AfterFunc(time.Second, func() { time.Sleep(time.Minute) })
		done := false
		b.AfterFunc(2*time.Second, func() {
			require.NoError(t, a.Close(context.Background()))
			require.Equal(t, 61*time.Second, time.Since(start))
			done = true
		})
		passes(time.Hour)
		require.True(t, done)
	})
}
