package threading_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/threading"
)

func TestTaskRunnerUnderTenThousandCallers(t *testing.T) {
	const callers = 10_000
	var c collector
	r := threading.NewTaskRunner(threading.TaskOptions{Workers: 7, Queue: 50, OnPanic: c.hook})
	var now, most, ran, accepted, panicked atomic.Int64
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			task := func() {
				if n := now.Add(1); n > 7 {
					most.Store(n)
				}
				ran.Add(1)
				runtime.Gosched()
				now.Add(-1)
				switch i % 100 {
				case 1:
					panicked.Add(1)
					panic(i)
				case 2:
					runtime.Goexit()
				}
			}
			ctx, cancel := background(), func() {}
			if i%3 == 0 {
				ctx, cancel = context.WithTimeout(background(), time.Duration(rand.IntN(1000))*time.Microsecond)
			}
			defer cancel()
			if i%7 == 0 {
				if r.TrySchedule(task) {
					accepted.Add(1)
				}
			} else if r.Schedule(ctx, task) == nil {
				accepted.Add(1)
			}
			if i%500 == 0 {
				require.NoError(t, r.Wait(background()))
			}
		})
	}
	wg.Wait()
	require.NoError(t, r.Close(background()))
	require.Zero(t, most.Load(), "the bound")
	require.Equal(t, accepted.Load(), ran.Load(), "each task that was accepted ran, and once")
	require.Len(t, c.got, int(panicked.Load()))
	st := r.Stats()
	require.Zero(t, st.Running+st.Queued+st.Waiting)
	require.EqualValues(t, accepted.Load(), st.Accepted)
	require.Equal(t, st.Accepted, st.Done)
	require.EqualValues(t, panicked.Load(), st.Panicked)
}

// A lost wake-up would leave a caller waiting for room that there is, or a task
// for a worker that is gone.
func TestNoWakeUpIsLostAsWorkersComeAndGo(t *testing.T) {
	for _, queue := range []int{-1, 1} {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2, Queue: queue})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for i := range 3000 {
					ran := make(chan struct{})
					ctx, cancel := context.WithCancel(background())
					if i%5 == 0 {
						go cancel()
					}
					if r.Schedule(ctx, func() { close(ran) }) == nil {
						<-ran
					}
					cancel()
				}
			})
		}
		wg.Wait()
		require.NoError(t, r.Close(background()))
	}
}

// Tasks that wait for the others come and go with those that do not.
func TestWaitsFromTasksEnd(t *testing.T) {
	r := threading.NewTaskRunner(threading.TaskOptions{Workers: 3, Queue: 10})
	var wg sync.WaitGroup
	var ran, accepted atomic.Int64
	for i := range 300 {
		wg.Go(func() {
			err := r.Schedule(background(), func() {
				ran.Add(1)
				switch i % 6 {
				case 0:
					_ = r.Wait(background())
				case 1:
					ctx, cancel := context.WithTimeout(background(), time.Microsecond)
					defer cancel()
					_ = r.Wait(ctx)
				case 2:
					if r.TrySchedule(func() { ran.Add(1) }) {
						accepted.Add(1)
					}
				}
			})
			if err == nil {
				accepted.Add(1)
			}
		})
	}
	wg.Wait()
	require.NoError(t, r.Wait(background()))
	require.Equal(t, accepted.Load(), ran.Load())
	require.NoError(t, r.Close(background()))
}
