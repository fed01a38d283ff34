package executors_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/executors"
)

func TestAddWaitsWhileAsMuchIsPendingAsMayBe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, MaxPending: 4, Handle: l.slowly(time.Second)})
		var at []time.Duration
		for i := range 8 {
			addAll(t, b, i+1)
			at = append(at, time.Since(l.start)/time.Second)
		}
		require.Equal(t, []time.Duration{0, 0, 0, 0, 1, 1, 2, 2}, at)
		require.NoError(t, b.Close(background()))
		require.Equal(t, upTo(1, 8), l.items())
	})
}

func TestTenTimesSizePerWorkerMayBePendingByDefault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 3, Workers: 2, FailFast: true, Handle: l.slowly(time.Second)})
		n := 0
		for b.Add(background(), n) == nil {
			n++
		}
		require.Equal(t, 60, n)
		require.NoError(t, b.Close(background()))
	})
}

func TestFailFastRefusesInsteadOfWaiting(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, MaxPending: 2, FailFast: true, Handle: l.slowly(time.Second)})
		addAll(t, b, 1, 2)
		err := b.Add(background(), 3)
		require.Equal(t, executors.ErrFull, err)
		require.ErrorIs(t, err, weir.ErrRejected)
		time.Sleep(time.Second + 1)
		addAll(t, b, 4)
		require.EqualValues(t, 1, b.Stats().Refused)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []int{1, 2, 4}, l.items())
		require.Equal(t, executors.ErrClosed, b.Add(background(), 5))
	})
}

func TestAddReturnsTheErrorOfItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, cause := newLog(), errors.New("impatient")
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, MaxPending: 1, Handle: l.slowly(time.Minute)})
		require.ErrorIs(t, b.Add(doneContext(), 0), context.Canceled)
		addAll(t, b, 1)
		ctx, cancel := context.WithTimeoutCause(background(), time.Second, cause)
		defer cancel()
		err := b.Add(ctx, 2)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, cause)
		require.Equal(t, time.Second, time.Since(l.start))
		require.Zero(t, b.Stats().Waiting)
		addAll(t, b, 3)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []int{1, 3}, l.items())
	})
}

func TestThoseThatWaitComeInTheirOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, MaxPending: 1, Handle: l.slowly(time.Second)})
		addAll(t, b, 1)
		var all sync.WaitGroup
		for i := range 5 {
			all.Go(func() { addAll(t, b, 2+i) })
			synctest.Wait()
		}
		all.Wait()
		require.NoError(t, b.Close(background()))
		require.Equal(t, upTo(1, 6), l.items())
	})
}

// A batch that can never fill must not wait for that, least of all for ever.
func TestBatchGoesWhenNothingMoreMayBePending(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, failFast := range []bool{false, true} {
			l := newLog()
			b := executors.NewBulk(executors.BulkOptions[int]{Size: 10, Interval: -1, MaxPending: 3, FailFast: failFast, Handle: l.handle})
			addAll(t, b, 1, 2, 3)
			if failFast {
				require.Equal(t, executors.ErrFull, b.Add(background(), 4))
				synctest.Wait()
			}
			addAll(t, b, 4)
			require.Equal(t, []batch{{0, []int{1, 2, 3}}}, l.batches())
			require.NoError(t, b.Close(background()))
		}
	})
}

func TestLighterItemsDoNotOvertakeAHeavyOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		c := executors.NewChunk(executors.ChunkOptions[int]{Bytes: 4, MaxPendingBytes: 8, SizeOf: size, Handle: l.slowly(time.Second)})
		addAll(t, c, 4, 3) // 7 of 8
		var all sync.WaitGroup
		all.Go(func() { addAll(t, c, 5) })
		synctest.Wait()
		all.Go(func() { addAll(t, c, 1) })
		synctest.Wait()
		require.Equal(t, 2, c.Stats().Waiting)
		all.Wait()
		require.NoError(t, c.Close(background()))
		require.Equal(t, []int{4, 3, 5, 1}, l.items())
	})
}

func TestWhoGivesUpMakesWayForThoseBehind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		c := executors.NewChunk(executors.ChunkOptions[int]{Bytes: 4, MaxPendingBytes: 8, SizeOf: size, Handle: l.slowly(time.Minute)})
		addAll(t, c, 4, 3)
		ctx, cancel := context.WithTimeout(background(), time.Second)
		defer cancel()
		go func() { require.Error(t, c.Add(ctx, 5)) }()
		synctest.Wait()
		addAll(t, c, 1)
		require.Equal(t, time.Second, time.Since(l.start))
		require.NoError(t, c.Close(background()))
	})
}
