package collection_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

var errQueueUserLeft = errors.New("the user has gone away")

// requireTakes checks that exactly these values are in the queue, in this order.
func requireTakes[T any](t *testing.T, q *collection.Queue[T], want ...T) {
	t.Helper()
	require.Equal(t, len(want), q.Len())
	for _, w := range want {
		v, ok := q.TryTake()
		require.True(t, ok)
		require.Equal(t, w, v)
	}
	_, ok := q.TryTake()
	require.False(t, ok)
}

func TestQueueGivesValuesInTheOrderOfPutting(t *testing.T) {
	var q collection.Queue[int]
	next := 0
	for put := range 5000 {
		require.True(t, q.TryPut(put))
		if put%3 == 2 { // two come for one that goes
			v, ok := q.TryTake()
			require.True(t, ok)
			require.Equal(t, next, v)
			next++
		}
	}
	require.Equal(t, 5000-next, q.Len())
	for ; next < 5000; next++ {
		v, err := q.Take(t.Context())
		require.NoError(t, err)
		require.Equal(t, next, v)
	}
	requireTakes(t, &q)
}

func TestQueueOptionsAreChecked(t *testing.T) {
	for _, limit := range []int{-1, math.MinInt} {
		o := collection.QueueOptions{Max: limit}
		require.EqualError(t, o.Validate(), "collection: QueueOptions.Max must not be negative")
		require.PanicsWithValue(t, "collection: QueueOptions.Max must not be negative",
			func() { collection.NewQueue[int](o) })
	}
	for _, limit := range []int{0, 1, math.MaxInt} {
		o := collection.QueueOptions{Max: limit}
		require.NoError(t, o.Validate())
		require.True(t, collection.NewQueue[int](o).TryPut(1))
	}
}

func TestTakeWaitsForAValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q collection.Queue[string]
		time.AfterFunc(time.Second, func() { q.TryPut("late") })
		start := time.Now()
		v, err := q.Take(t.Context())
		require.NoError(t, err)
		require.Equal(t, "late", v)
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestPutWaitsForRoomAndKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := collection.NewQueue[int](collection.QueueOptions{Max: 2})
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() { require.NoError(t, q.Put(t.Context(), i)) })
			synctest.Wait()
		}
		require.Equal(t, 2, q.Len())
		require.False(t, q.TryPut(9), "full")
		for want := range 5 {
			v, err := q.Take(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, v)
			require.Equal(t, min(2, 4-want), q.Len(), "the room goes to who waits first")
		}
		wg.Wait()
		requireTakes(t, q)
	})
}

func TestTakersAreServedInTheOrderOfComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q collection.Queue[int]
		got := make([]int, 5)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				v, err := q.Take(t.Context())
				require.NoError(t, err)
				got[i] = v
			})
			synctest.Wait()
		}
		for v := range got {
			require.NoError(t, q.Put(t.Context(), v))
			_, ok := q.TryTake()
			require.False(t, ok, "it belongs to one who waits")
		}
		wg.Wait()
		require.Equal(t, []int{0, 1, 2, 3, 4}, got)
	})
}

func TestDoneContextWinsOverAValueAndOverRoom(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errQueueUserLeft)
	var q collection.Queue[int]
	require.True(t, q.TryPut(1))
	_, err := q.Take(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errQueueUserLeft)
	err = q.Put(ctx, 2)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errQueueUserLeft)
	requireTakes(t, &q, 1)
	q.Close()
	_, err = q.Take(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, q.Put(ctx, 2), context.Canceled)
}

func TestTakeThatIsCancelledLeavesAtOnceAndLeavesNoHole(t *testing.T) {
	for leaver := range 3 {
		synctest.Test(t, func(t *testing.T) {
			var q collection.Queue[int]
			start := time.Now()
			got := make([]int, 3)
			var wg sync.WaitGroup
			for i := range got {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i == leaver {
					time.AfterFunc(time.Second, cancel)
				}
				wg.Go(func() {
					v, err := q.Take(ctx)
					if i == leaver {
						require.True(t, err == context.Canceled)
						require.Equal(t, time.Second, time.Since(start))
					}
					got[i] = v
				})
				synctest.Wait()
			}
			time.Sleep(2 * time.Second)
			q.TryPut(1)
			q.TryPut(2)
			wg.Wait()
			want := []int{1, 2}
			want = append(want[:leaver:leaver], append([]int{0}, want[leaver:]...)...)
			require.Equal(t, want, got)
			requireTakes(t, &q)
		})
	}
}

func TestPutThatIsCancelledPutsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := collection.NewQueue[int](collection.QueueOptions{Max: 1})
		require.NoError(t, q.Put(t.Context(), 1))
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errQueueUserLeft)
		defer cancel()
		start := time.Now()
		err := q.Put(ctx, 2)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errQueueUserLeft)
		require.Equal(t, time.Second, time.Since(start))
		requireTakes(t, q, 1)
	})
}

// A taker may be cancelled and not have got round to leaving. A value that comes
// then must stay for others: it came too late for that taker.
func TestNothingIsGivenToOneWhoseContextIsDone(t *testing.T) {
	for range 2000 {
		var q collection.Queue[int]
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := q.Take(ctx)
			left <- err
		}()
		cancel()
		require.True(t, q.TryPut(1))
		require.Equal(t, context.Canceled, <-left)
		requireTakes(t, &q, 1)
	}
}

func TestRoomIsNotGivenToOneWhoseContextIsDone(t *testing.T) {
	for range 2000 {
		q := collection.NewQueue[int](collection.QueueOptions{Max: 1})
		require.True(t, q.TryPut(1))
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { left <- q.Put(ctx, 2) }()
		cancel()
		requireTakes(t, q, 1)
		require.Equal(t, context.Canceled, <-left)
		require.True(t, q.TryPut(3))
		requireTakes(t, q, 3)
	}
}

// lateContext is done as soon as it is asked for its channel, no earlier.
type lateContext struct {
	context.Context
	cancel context.CancelFunc
}

func (c lateContext) Done() <-chan struct{} {
	c.cancel()
	return c.Context.Done()
}

func TestContextThatIsDoneAtTheLastMomentWinsToo(t *testing.T) {
	q := collection.NewQueue[int](collection.QueueOptions{Max: 2})
	require.True(t, q.TryPut(1))
	late := func() lateContext {
		ctx, cancel := context.WithCancel(t.Context())
		return lateContext{ctx, cancel}
	}
	require.Equal(t, context.Canceled, q.Put(late(), 2))
	_, err := q.Take(late())
	require.Equal(t, context.Canceled, err)
	requireTakes(t, q, 1)
}

// One who was served in time and is cancelled before noticing has been served.
func TestWhatWasGivenBeforeACancelIsNotLost(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			q := collection.NewQueue[int](collection.QueueOptions{Max: 1})
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() {
				v, err := q.Take(ctx)
				require.NoError(t, err)
				require.Equal(t, 1, v)
			})
			synctest.Wait()
			require.True(t, q.TryPut(1))
			cancel()
			wg.Wait()

			ctx, cancel = context.WithCancel(t.Context())
			require.True(t, q.TryPut(2))
			wg.Go(func() { require.NoError(t, q.Put(ctx, 3)) })
			synctest.Wait()
			v, ok := q.TryTake()
			cancel()
			require.True(t, ok)
			require.Equal(t, 2, v)
			wg.Wait()
			requireTakes(t, q, 3)
		})
	}
}

func TestClosedQueueGivesWhatIsLeft(t *testing.T) {
	var q collection.Queue[int]
	require.NoError(t, q.Put(t.Context(), 1))
	require.NoError(t, q.Put(t.Context(), 2))
	q.Close()
	q.Close()
	require.Equal(t, collection.ErrClosed, q.Put(t.Context(), 3))
	require.False(t, q.TryPut(3))
	for want := 1; want <= 2; want++ {
		v, err := q.Take(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, v)
	}
	_, err := q.Take(t.Context())
	require.Equal(t, collection.ErrClosed, err)
	requireTakes(t, &q)
}

func TestCloseSendsAwayAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var empty collection.Queue[int]
		full := collection.NewQueue[int](collection.QueueOptions{Max: 1})
		require.True(t, full.TryPut(1))
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := empty.Take(t.Context())
				require.Equal(t, collection.ErrClosed, err)
			})
			wg.Go(func() { require.Equal(t, collection.ErrClosed, full.Put(t.Context(), 2)) })
		}
		synctest.Wait()
		empty.Close()
		full.Close()
		wg.Wait()
		requireTakes(t, &empty)
		requireTakes(t, full, 1)
	})
}

// nosyContext looks at a queue whenever it is asked something.
type nosyContext struct {
	context.Context
	look func() int
}

func (c nosyContext) Err() error            { c.look(); return c.Context.Err() }
func (c nosyContext) Done() <-chan struct{} { c.look(); return c.Context.Done() }
func (c nosyContext) Value(key any) any     { c.look(); return c.Context.Value(key) }

func TestQueueAsksNoContextUnderItsLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := collection.NewQueue[int](collection.QueueOptions{Max: 1})
		limited := func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			return nosyContext{ctx, q.Len}, cancel
		}
		ctx, cancel := limited()
		defer cancel()
		_, err := q.Take(ctx)
		require.Equal(t, context.DeadlineExceeded, err)
		ctx, cancel = limited()
		defer cancel()
		require.NoError(t, q.Put(ctx, 1))
		go func() { _ = q.Put(ctx, 2) }()
		synctest.Wait()
		v, err := q.Take(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, v)
		requireTakes(t, q, 2)
		go func() { q.TryPut(3) }()
		v, err = q.Take(ctx)
		require.NoError(t, err)
		require.Equal(t, 3, v)
	})
}
