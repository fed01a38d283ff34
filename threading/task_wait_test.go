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

func TestWaitCanBeUsedManyTimesAndByMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2})
		for range 3 {
			begin := time.Now()
			for range 4 {
				require.NoError(t, r.Schedule(t.Context(), sleeper))
			}
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					require.NoError(t, r.Wait(t.Context()))
					require.Equal(t, 2*time.Second, time.Since(begin))
				})
			}
			wg.Wait()
		}
	})
}

func TestWaitCoversWhatTasksSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2})
		begin := time.Now()
		require.NoError(t, r.Schedule(t.Context(), func() {
			time.Sleep(time.Second)
			require.NoError(t, r.Schedule(t.Context(), sleeper))
		}))
		require.NoError(t, r.Wait(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(begin))
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
		require.NoError(t, r.Schedule(t.Context(), sleeper))
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errImpatient)
		defer cancel()
		require.ErrorIs(t, r.Wait(ctx), errImpatient)
		require.NoError(t, r.Wait(t.Context()))
	})
}

// Workers 1 is the hard case: what is queued needs the place of the one who waits.
func TestTaskThatWaitsForItsRunnerLendsItsPlaceToTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, queue := range []int{-1, 0} {
			r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, Queue: queue})
			begin := time.Now()
			var order []string
			require.NoError(t, r.Schedule(t.Context(), func() {
				go func() {
					require.NoError(t, r.Schedule(t.Context(), func() {
						time.Sleep(time.Second)
						order = append(order, "child")
					}))
				}()
				time.Sleep(time.Millisecond) // the child is queued, or waits for room
				for range 3 {
					require.NoError(t, r.Wait(t.Context()))
				}
				order = append(order, "parent")
			}))
			require.NoError(t, r.Wait(t.Context()))
			require.Equal(t, time.Second+time.Millisecond, time.Since(begin))
			require.Equal(t, []string{"child", "parent"}, order)
		}
	})
}

func TestTasksThatWaitDoNotWaitForEachOtherAndTheBoundHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 2
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: workers})
		var now, most, done atomic.Int32
		for range 6 {
			require.NoError(t, r.Schedule(t.Context(), func() {
				require.NoError(t, r.Wait(t.Context()))
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
				done.Add(1)
			}))
		}
		require.NoError(t, r.Wait(t.Context()))
		require.EqualValues(t, 6, done.Load())
		require.EqualValues(t, workers, most.Load())
	})
}

func TestPlaceThatWasLentIsTakenBackBeforeAnotherTaskBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
		var now, most atomic.Int32
		count := func() {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
		}
		require.NoError(t, r.Schedule(t.Context(), func() {
			require.NoError(t, r.Schedule(t.Context(), count))
			require.NoError(t, r.Wait(t.Context()))
			for range 5 {
				require.NoError(t, r.Schedule(t.Context(), count))
			}
			count()
		}))
		require.NoError(t, r.Wait(t.Context()))
		require.EqualValues(t, 1, most.Load())
		require.EqualValues(t, 7, r.Stats().Done)
	})
}

func TestTaskWhoseWaitIsCutShortGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
		begin := time.Now()
		require.NoError(t, r.Schedule(t.Context(), func() {
			require.True(t, r.TrySchedule(func() { time.Sleep(time.Hour) }))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.Equal(t, context.DeadlineExceeded, r.Wait(ctx))
			require.Equal(t, time.Second, time.Since(begin))
			require.True(t, r.TrySchedule(sleeper))
		}))
		require.NoError(t, r.Wait(t.Context()))
		require.Equal(t, time.Hour+time.Second, time.Since(begin), "never two but for the one in between")
	})
}

func TestWaitOfANestedRunnerIsNotMistakenForItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
		inner := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
		begin := time.Now()
		require.NoError(t, outer.Schedule(t.Context(), func() {
			require.NoError(t, inner.Schedule(t.Context(), sleeper))
			require.NoError(t, inner.Wait(t.Context()))
			require.Equal(t, time.Second, time.Since(begin))
		}))
		require.NoError(t, outer.Wait(t.Context()))
	})
}

func TestTaskThatWouldWaitForRoomForEverIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		for _, queue := range []int{-1, 2} {
			r := threading.NewTaskRunner(threading.TaskOptions{Workers: workers, Queue: queue})
			var told, accepted, ran atomic.Int32
			flood := func() {
				for range 10 {
					switch err := r.Schedule(t.Context(), func() { ran.Add(1) }); err {
					case nil:
						accepted.Add(1)
					default:
						require.Equal(t, threading.ErrDeadlock, err)
						told.Add(1)
					}
				}
			}
			for range workers {
				require.NoError(t, r.Schedule(t.Context(), flood))
			}
			require.NoError(t, r.Wait(t.Context()))
			require.EqualValues(t, 10*workers, told.Load()+accepted.Load())
			require.Equal(t, accepted.Load(), ran.Load())
			require.NotZero(t, told.Load())
		}
	})
}

func TestTaskMayWaitForRoomWhileOthersMakeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2, Queue: -1})
		begin := time.Now()
		require.NoError(t, r.Schedule(t.Context(), sleeper))
		require.NoError(t, r.Schedule(t.Context(), func() {
			require.NoError(t, r.Schedule(t.Context(), sleeper))
			require.Equal(t, time.Second, time.Since(begin))
		}))
		require.NoError(t, r.Wait(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(begin))
	})
}
