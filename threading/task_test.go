package threading_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/threading"
)

var errImpatient = errors.New("impatient")

// sleeper is a task that takes a second.
func sleeper() { time.Sleep(time.Second) }

func TestTaskRunnerRunsAsManyAtATimeAsItHasWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 3})
		var now, most atomic.Int32
		begin := time.Now()
		for range 10 {
			require.NoError(t, r.Schedule(t.Context(), func() {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
			}))
		}
		require.NoError(t, r.Wait(t.Context()))
		require.Equal(t, 4*time.Second, time.Since(begin))
		require.EqualValues(t, 3, most.Load())
		require.Equal(t, threading.TaskStats{Workers: 3, Accepted: 10, Done: 10}, r.Stats())
	})
}

// A private batch of a worker would deadlock here: each task waits for the last.
func TestTasksThatNeedEachOtherAllRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 16
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: workers})
		for range 3 {
			var begun atomic.Int32
			all := make(chan struct{})
			for range workers {
				require.NoError(t, r.Schedule(t.Context(), func() {
					if begun.Add(1) == workers {
						close(all)
					}
					<-all
				}))
			}
			require.NoError(t, r.Wait(t.Context()))
		}
	})
}

func TestTasksBeginInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, Queue: 5})
		var order []int
		for i := range 100 {
			require.NoError(t, r.Schedule(t.Context(), func() {
				if i%7 == 0 {
					time.Sleep(time.Second) // so that Schedule has to wait now and then
				}
				order = append(order, i)
			}))
		}
		require.NoError(t, r.Wait(t.Context()))
		require.IsIncreasing(t, order)
		require.Len(t, order, 100)
	})
}

func TestThoseWhoWaitForRoomAreServedInTheOrderOfComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, Queue: -1})
		var order []int
		for i := range 8 {
			go func() {
				require.NoError(t, r.Schedule(t.Context(), func() {
					order = append(order, i)
					time.Sleep(time.Second)
				}))
			}()
			synctest.Wait()
		}
		require.Equal(t, 7, r.Stats().Waiting)
		time.Sleep(time.Minute)
		require.NoError(t, r.Wait(t.Context()))
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, order)
	})
}

func TestScheduleWaitsForRoomUntilItsContextIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2, Queue: 3})
		begin := time.Now()
		for range 5 {
			require.NoError(t, r.Schedule(t.Context(), sleeper))
		}
		require.Zero(t, time.Since(begin))
		require.False(t, r.TrySchedule(sleeper))

		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second/2, errImpatient)
		defer cancel()
		err := r.Schedule(ctx, func() { t.Error("the task of a caller who gave up ran") })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errImpatient)
		require.Equal(t, time.Second/2, time.Since(begin))

		require.NoError(t, r.Schedule(t.Context(), sleeper))
		require.Equal(t, time.Second, time.Since(begin), "as the first tasks ended")
		require.NoError(t, r.Wait(t.Context()))
		require.Equal(t, 3*time.Second, time.Since(begin))
		require.Equal(t, threading.TaskStats{Workers: 2, Accepted: 6, Done: 6, Refused: 1}, r.Stats())
	})
}

func TestWithoutQueueATaskNeedsAFreeWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2, Queue: -1})
		require.True(t, r.TrySchedule(sleeper))
		require.True(t, r.TrySchedule(sleeper))
		require.False(t, r.TrySchedule(sleeper))
		require.NoError(t, r.Wait(t.Context()))
		require.True(t, r.TrySchedule(sleeper))
		require.NoError(t, r.Wait(t.Context()))
	})
}

func TestDoneContextSchedulesNothing(t *testing.T) {
	r := threading.NewTaskRunner(threading.TaskOptions{})
	require.Equal(t, context.Canceled, r.Schedule(doneContext(), func() { t.Error("ran") }))
	require.Equal(t, context.Canceled, r.Wait(doneContext()))
	require.NoError(t, r.Wait(t.Context()))
	require.Zero(t, r.Stats().Accepted)
}

func TestPanicOfATaskIsReportedAndTheWorkerGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c collector
		before := threading.Recovered()
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, OnPanic: c.hook})
		ran := 0
		for range 3 {
			require.NoError(t, r.Schedule(t.Context(), panicsDeepDown))
			require.NoError(t, r.Schedule(t.Context(), func() { ran++ }))
		}
		require.NoError(t, r.Wait(t.Context()))
		require.Equal(t, 3, ran)
		require.Equal(t, []any{"lost", "lost", "lost"}, c.values())
		require.Contains(t, string(c.got[0].Stack), "panicsDeepDown")
		require.EqualValues(t, 3, r.Stats().Panicked)
		require.EqualValues(t, 6, r.Stats().Done)
		require.Equal(t, before+3, threading.Recovered())
	})
}

func TestPanicOfATaskWithoutHookIsLogged(t *testing.T) {
	out := logged(t, func() {
		r := threading.NewTaskRunner(threading.TaskOptions{})
		require.NoError(t, r.Schedule(t.Context(), panicsDeepDown))
		require.NoError(t, r.Close(t.Context()))
	})
	require.Equal(t, 1, strings.Count(out, `msg="threading: panic in a task" panic=lost`))
}

func TestAnotherWorkerTakesOverFromATaskThatCallsGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
		var ran atomic.Int32
		for range 5 {
			require.NoError(t, r.Schedule(t.Context(), func() {
				defer ran.Add(1)
				runtime.Goexit()
			}))
		}
		require.NoError(t, r.Schedule(t.Context(), func() { ran.Add(1) }))
		require.NoError(t, r.Wait(t.Context()))
		require.EqualValues(t, 6, ran.Load())
		require.EqualValues(t, 6, r.Stats().Done)
		require.Zero(t, r.Stats().Panicked)
		require.NoError(t, r.Close(t.Context()))
	})
}

func TestIdleTaskRunnerHasNoGoroutine(t *testing.T) {
	// A bubble fails if a goroutine is left in it; nothing is closed here.
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 8})
		for range 100 {
			require.NoError(t, r.Schedule(t.Context(), func() {}))
		}
		require.NoError(t, r.Wait(t.Context()))
	})
}

func TestOptionsOfATaskRunnerAreChecked(t *testing.T) {
	for _, o := range []threading.TaskOptions{{Workers: -1}, {Workers: 1<<20 + 1}, {Queue: 1<<30 + 1}} {
		err := o.Validate()
		require.ErrorContains(t, err, "threading: TaskOptions.")
		require.PanicsWithValue(t, err.Error(), func() { threading.NewTaskRunner(o) })
	}
	require.NoError(t, threading.TaskOptions{Queue: -1}.Validate())
	require.Equal(t, runtime.GOMAXPROCS(0), threading.NewTaskRunner(threading.TaskOptions{}).Stats().Workers)
}

func TestMetricsOfATaskRunnerAreItsStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Name: "thumbs", Workers: 1, Queue: 1, OnPanic: new(collector).hook})
		require.NoError(t, r.Schedule(t.Context(), panicsDeepDown))
		require.NoError(t, r.Wait(t.Context()))
		require.True(t, r.TrySchedule(sleeper))
		synctest.Wait()
		require.True(t, r.TrySchedule(sleeper))
		require.False(t, r.TrySchedule(sleeper))
		go func() { require.ErrorIs(t, r.Schedule(t.Context(), sleeper), threading.ErrClosed) }()
		synctest.Wait()
		got := map[string]float64{}
		for m := range r.Metrics {
			require.Equal(t, "thumbs", m.Labels[0].Value)
			require.Equal(t, strings.HasSuffix(m.Name, "_total"), m.Kind.String() == "counter")
			got[strings.TrimPrefix(m.Name, "weir_task_runner_")] = m.Value
		}
		require.Equal(t, map[string]float64{
			"workers": 1, "running": 1, "queued": 1, "waiting": 1, "accepted_total": 3,
			"done_total": 1, "panics_total": 1, "dropped_total": 0, "refused_total": 1,
		}, got)
		for range r.Metrics { // a poll that stops early
			break
		}
		require.NoError(t, r.Close(t.Context()))
	})
}
