package executors_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

// Faults that executors of this kind are known for. Those that have to do with waiting,
// panics and room are with the tests of these.

func TestExecutorsThatAreDroppedAreCollected(t *testing.T) {
	makers := map[string]func(payload *[64]int){
		"used and not closed": func(payload *[64]int) {
			b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Handle: func(context.Context, []int) error { _ = payload; return nil }})
			_ = b.Add(background(), 1)
			_ = b.Flush(background())
		},
		"closed": func(payload *[64]int) {
			b := executors.NewBulk(executors.BulkOptions[int]{Handle: func(context.Context, []int) error { _ = payload; return nil }})
			_ = b.Add(background(), 1)
			_ = b.Close(background())
		},
		"dropped with an item": func(payload *[64]int) {
			b := executors.NewBulk(executors.BulkOptions[int]{Interval: time.Microsecond,
				Handle: func(context.Context, []int) error { _ = payload; return nil }})
			_ = b.Add(background(), 1)
		},
		"delay": func(payload *[64]int) {
			d := executors.NewDelay(executors.DelayOptions{Delay: time.Microsecond, Do: func(context.Context) { _ = payload }})
			_ = d.Trigger()
		},
	}
	for name, make := range makers {
		t.Run(name, func(t *testing.T) {
			payload := new([64]int)
			left := weak.Make(payload)
			make(payload)
			payload = nil
			require.Eventually(t, func() bool {
				runtime.GC()
				return left.Value() == nil
			}, 10*time.Second, time.Millisecond)
		})
	}
}

func TestAbandonedItemIsHandledThoughNobodyHasTheExecutor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		addAll(t, executors.NewBulk(executors.BulkOptions[int]{Handle: l.handle}), 1)
		runtime.GC()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []batch{{time.Second, []int{1}}}, l.batches())
	})
}

// An Add that fills a batch does not wait for a handler that is busy.
func TestAddDoesNotWaitForASlowHandlerWhileThereIsRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, Handle: l.slowly(time.Hour)})
		addAll(t, b, upTo(1, 20)...)
		require.Zero(t, time.Since(l.start))
		require.NoError(t, b.Close(background()))
	})
}

// Nobody is locked out while a handler runs.
func TestStatsAndMetricsDoNotWaitForTheHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Handle: l.slowly(time.Hour)})
		addAll(t, b, 1)
		synctest.Wait()
		require.Equal(t, 1, b.Stats().Running)
		require.Zero(t, time.Since(l.start))
		require.NoError(t, b.Close(background()))
	})
}

// An executor in a burst must not start a goroutine for each batch and leave it there.
func TestSteadyStreamHasOneWorkerAtATime(t *testing.T) {
	var now, most atomic.Int64
	b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Handle: func(context.Context, []int) error {
		most.Store(max(most.Load(), now.Add(1)))
		runtime.Gosched()
		now.Add(-1)
		return nil
	}})
	for i := range 10_000 {
		require.NoError(t, b.Add(background(), i))
	}
	require.NoError(t, b.Close(background()))
	require.EqualValues(t, 1, most.Load())
}
