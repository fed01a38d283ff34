package mr_test

import (
	"context"
	"iter"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

// Cheap items are claimed in batches, of which the rest is not begun after the end.
func TestCancelEndsABatch(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := run(ctx, count(10_000), func(_ context.Context, i int) error {
			if i >= 1000 {
				time.Sleep(30 * time.Millisecond)
			}
			return nil
		}, mr.Options{Workers: 4})
		require.True(t, err == context.DeadlineExceeded)
		require.Equal(t, 1020*time.Millisecond, time.Since(start))
	})
}

// Batches that were right for cheap items are given up where items are not.
func TestBatchesShrinkWhereItemsAreSlow(t *testing.T) {
	const cheap, slow, workers = 10_000, 3200, 16
	fn := func(_ context.Context, i int) error {
		if i >= cheap {
			time.Sleep(time.Millisecond)
		}
		return nil
	}
	eachStream(t, func(t *testing.T, run runFunc) {
		start := time.Now()
		require.NoError(t, run(t.Context(), count(cheap+slow), fn, mr.Options{Workers: workers}))
		require.Equal(t, slow/workers*time.Millisecond, time.Since(start))
	})
	// Here, one item of what was begun together holds up the others.
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		start := time.Now()
		require.NoError(t, run(t.Context(), upTo(cheap+slow), fn, mr.Options{Workers: workers}))
		require.LessOrEqual(t, time.Since(start), (slow/workers+1)*time.Millisecond)
	})
}

// The source waits for each item to be done before it yields the next one: whoever
// misses an item is never told of another.
func TestNoItemIsMissed(t *testing.T) {
	for _, workers := range []int{1, 2} {
		var done atomic.Int64
		source := func(yield func(int) bool) {
			for i := range 30_000 {
				if !yield(i) {
					return
				}
				for done.Load() <= int64(i) {
					runtime.Gosched()
				}
			}
		}
		_, err := mr.MapReduce(t.Context(), source, double, func(_ context.Context, results iter.Seq[int]) (int, error) {
			for range results {
				done.Add(1)
			}
			return 0, nil
		}, mr.Options{Workers: workers})
		require.NoError(t, err)
	}
}

// The same, in the very moment in which it matters.
func TestWorkerLooksAgainBeforeItRests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rests, wants := mr.SecondLooks()
		rests()
		require.True(t, wants())
	})
}

// What was done is garbage, though the run goes on.
func TestItemsAndResultsAreNotKept(t *testing.T) {
	type page [100]string
	var items, results []weak.Pointer[page]
	reduced := make(chan struct{})
	source := func(yield func(*page) bool) {
		for range 500 {
			item := new(page)
			items = append(items, weak.Make(item))
			if !yield(item) {
				return
			}
		}
		<-reduced
		kept := func(pages []weak.Pointer[page]) (n int) {
			for _, p := range pages {
				if p.Value() != nil {
					n++
				}
			}
			return n
		}
		for range 100 {
			if runtime.GC(); kept(items)+kept(results) <= 2 {
				return
			}
			time.Sleep(time.Millisecond) // until all workers rest
		}
		// One of each may still lie on a stack.
		require.LessOrEqual(t, kept(items), 1)
		require.LessOrEqual(t, kept(results), 1)
	}
	_, err := mr.MapReduce(t.Context(), source, func(_ context.Context, _ *page, yield func(*page)) error {
		yield(new(page))
		return nil
	}, func(_ context.Context, pages iter.Seq[*page]) (int, error) {
		for p := range pages {
			if results = append(results, weak.Make(p)); len(results) == 500 {
				close(reduced)
			}
		}
		return 0, nil
	}, mr.Options{Workers: 4})
	require.NoError(t, err)
}

// Otherwise it could wait as long as the source is ahead.
func TestWhatAnotherHasNotBegunIsTakenOverWhileTheSourceIsAhead(t *testing.T) {
	require.Equal(t, 15, mr.ClaimsUntilTakenOver())
}

func TestEachItemOfABatchIsBegunOnce(t *testing.T) {
	require.True(t, mr.BegunOnce(5000))
}
