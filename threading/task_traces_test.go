package threading_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/threading"
)

func TestCloseReturnsWhenNoWorkerIsLeft(t *testing.T) {
	for range 2000 {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2})
		require.NoError(t, r.Schedule(background(), func() {}))
		require.NoError(t, r.Wait(background())) // the worker looks for more
		require.NoError(t, r.Close(background()))
		workers, members, _ := r.Traces()
		require.Zero(t, workers)
		require.Zero(t, members)
	}
}

func TestIdleTaskRunnerKeepsNoLargeBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, Queue: 10_000})
		require.NoError(t, r.Schedule(t.Context(), sleeper))
		for range 9_999 {
			require.NoError(t, r.Schedule(t.Context(), func() {}))
		}
		_, _, places := r.Traces()
		require.Equal(t, 1<<14, places)
		require.NoError(t, r.Wait(t.Context()))
		synctest.Wait()
		_, _, places = r.Traces()
		require.Zero(t, places)
	})
}

func TestTaskRunnerForgetsTasksThatHaveRun(t *testing.T) {
	r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
	var held []weak.Pointer[[4096]byte]
	for range 10 {
		v := new([4096]byte)
		held = append(held, weak.Make(v))
		require.NoError(t, r.Schedule(background(), func() { v[0]++ }))
	}
	require.NoError(t, r.Close(background()))
	runtime.GC()
	for _, v := range held {
		require.Nil(t, v.Value())
	}
	runtime.KeepAlive(r)
}

// A new goroutine per panic would be correct, and slow where panics are many.
func TestWorkerGoesOnAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, OnPanic: func(*weir.Panic) {}})
		seen := map[string]bool{}
		for range 5 {
			require.NoError(t, r.Schedule(t.Context(), func() {
				var text [32]byte
				seen[string(text[:runtime.Stack(text[:], false)])] = true // "goroutine 7 [running..."
				panic("lost")
			}))
		}
		require.NoError(t, r.Wait(t.Context()))
		require.Len(t, seen, 1)
	})
}

// Room that comes as a caller gives up is either used or not.
func TestTaskOfACallerWhoGivesUpAsRoomComesRunsOrNot(t *testing.T) {
	for range 50 { // it takes the one or the other, at random
		synctest.Test(t, func(t *testing.T) {
			r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, Queue: -1})
			release := make(chan struct{})
			require.NoError(t, r.Schedule(t.Context(), func() { <-release }))
			ctx, cancel := context.WithCancel(t.Context())
			caller := halting(ctx)
			ran := false
			var err error
			var wg sync.WaitGroup
			caller.start(&wg, func(ctx context.Context) { err = r.Schedule(ctx, func() { ran = true }) })
			require.Equal(t, 1, r.Stats().Waiting)
			close(release)
			cancel()
			synctest.Wait()
			close(caller.proceed)
			wg.Wait()
			require.NoError(t, r.Wait(t.Context()))
			require.True(t, ran, "room came first")
			require.NoError(t, err)
		})
	}
}

// A task whose wait is over just as it gives up has its place back, and once only.
func TestTaskThatGivesUpItsWaitAsThatEndsHasItsPlace(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, Queue: 1})
			ctx, cancel := context.WithCancel(t.Context())
			caller := halting(ctx)
			require.NoError(t, r.Schedule(t.Context(), func() {
				require.True(t, r.TrySchedule(sleeper))
				require.NoError(t, r.Wait(caller), "the other one ended first")
				require.True(t, r.TrySchedule(func() {}), "into the queue")
				require.False(t, r.TrySchedule(func() {}), "no place is free")
			}))
			time.Sleep(time.Minute)
			cancel()
			close(caller.proceed)
			require.NoError(t, r.Wait(t.Context()))
		})
	}
}
