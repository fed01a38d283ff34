package mr_test

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

func TestMapReduceHandsAllResultsToTheReducer(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 7, 1000} {
		for _, n := range []int{0, 1, 2, 100, 5000} {
			all, err := mr.MapReduce(t.Context(), count(n), double, collect, mr.Options{Workers: workers})
			require.NoError(t, err)
			slices.Sort(all)
			require.Len(t, all, n)
			for i, v := range all {
				require.Equal(t, 2*i, v)
			}
		}
	}
}

func TestOneWorkerKeepsTheOrder(t *testing.T) {
	all, err := mr.MapReduce(t.Context(), count(5000), func(_ context.Context, i int, yield func(int)) error {
		yield(i)
		return nil
	}, collect, mr.Options{Workers: 1})
	require.NoError(t, err)
	require.Equal(t, upTo(5000), all)
}

func TestMapperMayYieldNothingOrAMillionValues(t *testing.T) {
	n, err := mr.MapReduce(t.Context(), count(4), func(_ context.Context, i int, yield func(int)) error {
		if i == 2 {
			for range 1_000_000 {
				yield(1)
			}
		}
		return nil
	}, sum, mr.Options{})
	require.NoError(t, err)
	require.Equal(t, 1_000_000, n)
}

func sum(_ context.Context, results iter.Seq[int]) (n int, err error) {
	for v := range results {
		n += v
	}
	return n, nil
}

func TestMapperMayYieldFromSeveralGoroutines(t *testing.T) {
	n, err := mr.MapReduce(t.Context(), count(50), func(_ context.Context, i int, yield func(int)) error {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					yield(1)
				}
			})
		}
		wg.Wait()
		return nil
	}, sum, mr.Options{Workers: 3})
	require.NoError(t, err)
	require.Equal(t, 50*4*100, n)
}

func TestMapperWaitsForASlowReducer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var yielded atomic.Int64
		n, err := mr.MapReduce(t.Context(), count(1), func(_ context.Context, _ int, yield func(int)) error {
			for range 10_000 {
				yield(1)
				yielded.Add(1)
			}
			return nil
		}, func(_ context.Context, results iter.Seq[int]) (n int, err error) {
			for range results {
				time.Sleep(time.Millisecond)
				require.LessOrEqual(t, yielded.Load(), int64(n+300))
				n++
			}
			return n, nil
		}, mr.Options{})
		require.NoError(t, err)
		require.Equal(t, 10_000, n)
	})
}

func TestReducerMayRangeTwice(t *testing.T) {
	first, err := mr.MapReduce(t.Context(), count(1000), double, func(ctx context.Context, results iter.Seq[int]) ([]int, error) {
		var all []int
		for v := range results {
			all = append(all, v)
			if len(all) == 10 {
				break
			}
		}
		rest, err := collect(ctx, results)
		again, _ := collect(ctx, results)
		require.Empty(t, again)
		return append(all, rest...), err
	}, mr.Options{Workers: 3})
	require.NoError(t, err)
	slices.Sort(first)
	require.Len(t, slices.Compact(first), 1000)
}

func TestReducerThatReturnsEarlyEndsAllAndItsValueCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var yielded, running atomic.Int64
		start := time.Now()
		v, err := mr.MapReduce(t.Context(), endless(&yielded), func(ctx context.Context, i int, yield func(int)) error {
			running.Add(1)
			defer running.Add(-1)
			if i == 3 {
				yield(42)
				return nil
			}
			<-ctx.Done()
			yield(1) // nobody wants it any more
			return ctx.Err()
		}, func(_ context.Context, results iter.Seq[int]) (int, error) {
			for v := range results {
				return v, nil
			}
			return 0, errTest
		}, mr.Options{Workers: 8})
		require.NoError(t, err)
		require.Equal(t, 42, v)
		require.Zero(t, running.Load())
		require.Zero(t, time.Since(start))
		require.Less(t, yielded.Load(), int64(1000))
	})
}

func TestReducerThatDoesNotLookAtItsResults(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var yielded atomic.Int64
		v, err := mr.MapReduce(t.Context(), endless(&yielded), double,
			func(context.Context, iter.Seq[int]) (string, error) { return "ready", nil }, mr.Options{})
		require.NoError(t, err)
		require.Equal(t, "ready", v)
	})
}

func TestErrorOfTheReducerIsReturnedWithItsValue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var yielded atomic.Int64
		v, err := mr.MapReduce(t.Context(), endless(&yielded), double,
			func(_ context.Context, results iter.Seq[int]) (int, error) {
				for range results {
					break
				}
				return 7, errTest
			}, mr.Options{})
		require.Equal(t, errTest, err)
		require.Equal(t, 7, v)
	})
}

func TestLateYieldPanics(t *testing.T) {
	var late func(int)
	_, err := mr.MapReduce(t.Context(), count(1), func(_ context.Context, _ int, yield func(int)) error {
		late = yield
		return nil
	}, sum, mr.Options{})
	require.NoError(t, err)
	require.PanicsWithValue(t, "mr: yield is called after the mappers have returned", func() { late(1) })
}

// The first mapper's yield is used while another mapper still runs.
func TestYieldAfterItsMapperReturnedStillCountsWhileOthersRun(t *testing.T) {
	early := make(chan func(int), 1)
	n, err := mr.MapReduce(t.Context(), count(2), func(_ context.Context, i int, yield func(int)) error {
		if i == 0 {
			early <- yield
			return nil
		}
		(<-early)(5)
		return nil
	}, sum, mr.Options{Workers: 2})
	require.NoError(t, err)
	require.Equal(t, 5, n)
}

func TestLargeItemsAndResultsAreNotPiledUp(t *testing.T) {
	type page [64 << 10]byte
	var most, here atomic.Int64
	source := func(yield func(*page) bool) {
		for range 100 {
			if !yield(new(page)) {
				return
			}
		}
	}
	n, err := mr.MapReduce(t.Context(), source, func(_ context.Context, p *page, yield func(page)) error {
		most.Store(max(most.Load(), here.Add(1)))
		yield(*p)
		return nil
	}, func(_ context.Context, results iter.Seq[page]) (n int, err error) {
		for range results {
			here.Add(-1)
			n++
		}
		return n, nil
	}, mr.Options{Workers: 2})
	require.NoError(t, err)
	require.Equal(t, 100, n)
	require.LessOrEqual(t, most.Load(), int64(8))
}
