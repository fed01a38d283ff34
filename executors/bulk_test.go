package executors_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

func TestBatchesHaveExactlySizeItemsInTheOrderOfAdd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 10, Handle: l.handle})
		addAll(t, b, upTo(1, 45)...)
		synctest.Wait()
		require.Equal(t, []batch{{0, upTo(1, 10)}, {0, upTo(11, 20)}, {0, upTo(21, 30)}, {0, upTo(31, 40)}}, l.batches())
		require.Equal(t, 5, b.Stats().Filling)
		require.NoError(t, b.Close(background()))
		require.Equal(t, upTo(1, 45), l.items())
	})
}

func TestDefaultsAreAThousandItemsAndASecond(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Handle: l.handle})
		addAll(t, b, upTo(1, 1001)...)
		synctest.Wait()
		require.Equal(t, []batch{{0, upTo(1, 1000)}}, l.batches())
		time.Sleep(2 * time.Second)
		require.Equal(t, []batch{{0, upTo(1, 1000)}, {time.Second, []int{1001}}}, l.batches())
	})
}

func TestItemsWaitAnIntervalAtMost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 3, Interval: time.Minute, Handle: l.handle})
		time.Sleep(30 * time.Second)
		addAll(t, b, 1, 2, 3) // full at once
		time.Sleep(20 * time.Second)
		addAll(t, b, 4) // at 50 s
		time.Sleep(50 * time.Second)
		addAll(t, b, 5) // at 100 s; no later for it
		time.Sleep(11 * time.Second)
		addAll(t, b, 6) // at 111 s; the batch of 4 and 5 is gone
		time.Sleep(time.Hour)
		require.Equal(t, []batch{
			{30 * time.Second, []int{1, 2, 3}}, {110 * time.Second, []int{4, 5}}, {171 * time.Second, []int{6}},
		}, l.batches())
	})
}

// A timer that only looks whether something happened since the last time lets an item
// wait for twice as long.
func TestTrickleAfterAFullBatchWaitsAnIntervalAtMost(t *testing.T) {
	for phase := range time.Duration(10) {
		bubble(t, func(t *testing.T) {
			l := newLog()
			b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, Interval: time.Second, Handle: l.handle})
			addAll(t, b, 1)
			time.Sleep(phase * 100 * time.Millisecond)
			addAll(t, b, 2, 3)
			time.Sleep(time.Hour)
			wait := l.batches()[1].at - l.batches()[0].at
			require.Equal(t, time.Second, wait)
		})
	}
}

func TestWithoutIntervalOnlyFullBatchesGoByThemselves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, Interval: -1, Handle: l.handle})
		addAll(t, b, 1, 2, 3)
		time.Sleep(1000 * time.Hour)
		require.Equal(t, []batch{{0, []int{1, 2}}}, l.batches())
		require.NoError(t, b.Flush(background()))
		require.Equal(t, []int{3}, l.batches()[1].items)
		addAll(t, b, 4)
		require.NoError(t, b.Close(background()))
		require.Equal(t, upTo(1, 4), l.items())
	})
}

func TestNothingToHandleIsNotHandled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Interval: time.Second, Handle: l.handle})
		require.NoError(t, b.Flush(background()))
		addAll(t, b, 1)
		require.NoError(t, b.Flush(background()))
		require.NoError(t, b.Flush(background()))
		time.Sleep(time.Hour)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []batch{{0, []int{1}}}, l.batches())
	})
}

// What is due while all workers are busy waits in the box, so that a slow handler gets
// few large batches and not many small ones.
func TestDueBatchGrowsUntilAWorkerIsFree(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 5, Interval: time.Second, Handle: l.slowly(10 * time.Second)})
		for i := range 9 { // 1 goes after a second, and is handled until the 11th
			addAll(t, b, i+1)
			time.Sleep(2 * time.Second)
		}
		require.NoError(t, b.Close(background()))
		require.Equal(t, []batch{
			{time.Second, []int{1}}, {11 * time.Second, upTo(2, 6)}, {21 * time.Second, upTo(7, 9)},
		}, l.batches())
	})
}

func TestOneWorkerHandlesOneBatchAtATimeWhoeverAsks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, Handle: l.slowly(time.Second)})
		addAll(t, b, upTo(1, 5)...)
		for range 3 {
			go func() { _ = b.Flush(background()) }()
		}
		require.NoError(t, b.Close(background()))
		require.Equal(t, []batch{{0, []int{1, 2}}, {time.Second, []int{3, 4}}, {2 * time.Second, []int{5}}}, l.batches())
		require.Equal(t, 3*time.Second, time.Since(l.start))
	})
}

func TestWorkersHandleThatManyBatchesAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Workers: 3, Handle: l.slowly(time.Second)})
		addAll(t, b, upTo(1, 10)...)
		synctest.Wait()
		require.Equal(t, 3, b.Stats().Running)
		require.Equal(t, 7, b.Stats().Queued)
		require.NoError(t, b.Close(background()))
		require.Equal(t, 4*time.Second, time.Since(l.start))
		require.ElementsMatch(t, upTo(1, 10), l.items())
	})
}

func TestSlicesAreUsedAgainUnlessTheHandlerKeepsThem(t *testing.T) {
	for _, keep := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			var kept [][]*int
			b := executors.NewBulk(executors.BulkOptions[*int]{Size: 2, KeepBatches: keep,
				Handle: func(_ context.Context, batch []*int) error {
					kept = append(kept, batch)
					return nil
				}})
			for i := range 10 {
				addAll(t, b, &i)
				if i%2 == 1 {
					require.NoError(t, b.Flush(background()))
				}
			}
			require.NoError(t, b.Close(background()))
			require.Len(t, kept, 5)
			for i, batch := range kept {
				if keep {
					require.Equal(t, 2*i, *batch[0])
					require.Equal(t, 2*i+1, *batch[1])
				} else {
					require.Equal(t, []*int{nil, nil}, batch, "what a batch points to is let go")
				}
			}
			require.Equal(t, !keep, &kept[0][0] == &kept[2][0], "two take turns")
		})
	}
}

func TestIdleExecutorHasNoGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T) { // which fails if one is left
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, Interval: time.Second, Handle: l.handle})
		addAll(t, b, 1, 2, 3)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, upTo(1, 3), l.items())
	})
}
