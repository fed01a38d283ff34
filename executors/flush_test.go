package executors_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

// Between the Add that fills a batch and its handler, the batch is neither in the box
// nor at work.
func TestFlushCoversABatchOnItsWayToTheHandler(t *testing.T) {
	for _, size := range []int{1, 3} {
		var handled atomic.Int64
		b := executors.NewBulk(executors.BulkOptions[int]{Size: size, Handle: func(_ context.Context, batch []int) error {
			time.Sleep(time.Microsecond)
			handled.Add(int64(len(batch)))
			return nil
		}})
		for n := 1; n <= 300; n++ {
			addAll(t, b, n)
			require.NoError(t, b.Flush(background()))
			require.EqualValues(t, n, handled.Load())
		}
		require.NoError(t, b.Close(background()))
	}
}

func TestFlushCoversWhatEveryWorkerHas(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Workers: 3, Handle: func(_ context.Context, batch []int) error {
			time.Sleep(time.Duration(10-batch[0]) * time.Second) // the last ones are the first that are done
			l.add(batch)
			return nil
		}})
		addAll(t, b, 1, 2, 3)
		synctest.Wait()
		require.NoError(t, b.Flush(background()))
		require.Equal(t, []batch{{7 * time.Second, []int{3}}, {8 * time.Second, []int{2}}, {9 * time.Second, []int{1}}}, l.batches())
	})
}

func TestFlushDoesNotWaitForWhatComesAfterIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, Handle: l.slowly(time.Second)})
		addAll(t, b, 1, 2, 3)
		go func() {
			for i := range 60 {
				_ = b.Add(background(), 4+i)
				time.Sleep(100 * time.Millisecond)
			}
		}()
		require.NoError(t, b.Flush(background()))
		require.Equal(t, 2*time.Second, time.Since(l.start))
		require.NoError(t, b.Close(background()))
	})
}

func TestFlushCoversABatchInRetry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		tries, start := 0, time.Now()
		b := executors.NewBulk(executors.BulkOptions[int]{
			Size:  1,
			Retry: executors.Retry{Attempts: 3, Base: -1},
			Handle: func(context.Context, []int) error {
				tries++
				if tries < 3 {
					return waitFor(time.Minute)
				}
				return nil
			}})
		addAll(t, b, 1)
		time.Sleep(time.Second) // in its first pause
		require.NoError(t, b.Flush(background()))
		require.Equal(t, 3, tries)
		require.Equal(t, 2*time.Minute, time.Since(start))
	})
}

func TestFlushReturnsTheErrorOfItsContextAndTheWorkGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Handle: l.slowly(time.Minute)})
		addAll(t, b, 1, 2)
		cause := errors.New("no time")
		ctx, cancel := context.WithTimeoutCause(background(), time.Second, cause)
		defer cancel()
		err := b.Flush(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, cause)
		require.Equal(t, time.Second, time.Since(l.start))
		require.NoError(t, b.Flush(background()))
		require.Equal(t, []batch{{0, []int{1}}, {time.Minute, []int{2}}}, l.batches())
		require.Equal(t, 2*time.Minute, time.Since(l.start))
	})
}

func TestFlushWithADoneContextStartsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Interval: time.Second, Handle: l.handle})
		addAll(t, b, 1)
		require.ErrorIs(t, b.Flush(doneContext()), context.Canceled)
		time.Sleep(time.Minute)
		require.Equal(t, []batch{{time.Second, []int{1}}}, l.batches())
		require.ErrorIs(t, b.Flush(doneContext()), context.Canceled, "a done context wins")
	})
}

func TestFlushAfterCloseWaitsAsWell(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Handle: l.slowly(time.Minute)})
		addAll(t, b, 1)
		go func() { _ = b.Close(background()) }()
		synctest.Wait()
		require.NoError(t, b.Flush(background()))
		require.Equal(t, time.Minute, time.Since(l.start))
		require.NoError(t, b.Flush(background()))
	})
}
