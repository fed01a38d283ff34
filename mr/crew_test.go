package mr_test

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

func TestATrickleFlowsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source := func(yield func(time.Time) bool) {
			for range 100 {
				time.Sleep(time.Second)
				if !yield(time.Now()) {
					return
				}
			}
		}
		n, err := mr.MapReduce(t.Context(), source, func(_ context.Context, at time.Time, yield func(time.Time)) error {
			require.Equal(t, at, time.Now())
			yield(at)
			time.Sleep(time.Minute)
			yield(time.Now())
			return nil
		}, func(_ context.Context, results iter.Seq[time.Time]) (n int, err error) {
			for at := range results {
				require.Equal(t, at, time.Now())
				n++
			}
			return n, nil
		}, mr.Options{Workers: 100})
		require.NoError(t, err)
		require.Equal(t, 200, n)
	})
}

// The slow items wait for all that come after them: cheap ones that were claimed
// together with them, and such as the source yields for a long time to come.
func TestNoItemWaitsBehindASlowOne(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		for _, slow := range []int{0, 1, 100, 300, 1000, 4999} {
			const n = 5000
			var others sync.WaitGroup
			others.Add(n - 3)
			err := run(t.Context(), count(n), func(_ context.Context, i int) error {
				if i >= slow && i < slow+3 || slow+3 > n && i < slow+3-n {
					others.Wait()
				} else {
					others.Done()
				}
				return nil
			}, mr.Options{Workers: 4})
			require.NoError(t, err)
		}
	})
}

func TestAnItemMayWaitForThoseBeforeIt(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		const n = 2000
		var done [n]chan struct{}
		for i := range done {
			done[i] = make(chan struct{})
		}
		require.NoError(t, run(t.Context(), count(n), func(_ context.Context, i int) error {
			if i > 500 {
				<-done[i-1]
			}
			close(done[i])
			return nil
		}, mr.Options{Workers: 5}))
	})
}

func TestItemsAreBegunInOrderUnlessTheyAreCheap(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var begun atomic.Int64
		require.NoError(t, run(t.Context(), count(400), func(_ context.Context, i int) error {
			require.InDelta(t, i, begun.Add(1), 8)
			time.Sleep(time.Millisecond)
			return nil
		}, mr.Options{Workers: 8}))
	})
}

// 1000 items on 16 workers are 63 rounds, and not one more.
func TestSlowItemsKeepAllWorkersBusy(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		start := time.Now()
		require.NoError(t, run(t.Context(), count(1000), func(context.Context, int) error {
			time.Sleep(time.Millisecond)
			return nil
		}, mr.Options{Workers: 16}))
		require.Equal(t, 63*time.Millisecond, time.Since(start))
	})
}

func TestNoMoreWorkersThanAsked(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		for _, workers := range []int{0, 1, 3, 50} {
			var here, most atomic.Int64
			require.NoError(t, run(t.Context(), count(500), func(context.Context, int) error {
				most.Store(max(most.Load(), here.Add(1)))
				time.Sleep(time.Millisecond)
				here.Add(-1)
				return nil
			}, mr.Options{Workers: workers}))
			if workers == 0 {
				workers = mr.DefaultWorkers
			}
			require.EqualValues(t, workers, most.Load())
		}
	})
}

// A source of slow items is not emptied long before it is their turn.
func TestSourceIsNotReadFarAhead(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var yielded, begun atomic.Int64
		err := run(t.Context(), endless(&yielded), func(context.Context, int) error {
			require.LessOrEqual(t, yielded.Load()-begun.Add(1), int64(256))
			time.Sleep(time.Millisecond)
			if begun.Load() > 5000 {
				return errTest
			}
			return nil
		}, mr.Options{})
		require.Equal(t, errTest, err)
	})
}
