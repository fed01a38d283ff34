package mr_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/mr"
)

func TestNoSlowItemLiesBesideAFreeWorker(t *testing.T) {
	for _, c := range []struct{ workers, burst int }{{4, 4}, {8, 4}, {16, 8}, {0, 8}} {
		synctest.Test(t, func(t *testing.T) {
			source := func(yield func(time.Duration) bool) {
				for range 20 { // a trickle of cheap items, so that batches grow
					yield(0)
					time.Sleep(time.Millisecond)
				}
				for range c.burst {
					yield(time.Second)
				}
				time.Sleep(time.Hour)
			}
			var left atomic.Int32
			left.Store(int32(c.burst))
			began, took := time.Now(), time.Duration(0)
			require.NoError(t, mr.ForEach(t.Context(), source, func(_ context.Context, d time.Duration) error {
				time.Sleep(d)
				if d > 0 && left.Add(-1) == 0 {
					took = time.Since(began)
				}
				return nil
			}, mr.Options{Workers: c.workers}))
			require.Equal(t, time.Second, took-20*time.Millisecond, "%+v", c)
		})
	}
}

func TestMappersThatAnEarlyReducerHasStoppedAreNoFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, err := mr.MapReduce(t.Context(), slices.Values(upTo(3)), func(ctx context.Context, i int, yield func(int)) error {
			if i == 0 {
				yield(7)
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}, func(_ context.Context, results iter.Seq[int]) (int, error) {
			for v := range results {
				return v, nil
			}
			return 0, nil
		}, mr.Options{CollectErrors: true})
		require.NoError(t, err)
		require.Equal(t, 7, v)
	})
}

func TestTheErrorOfADoneContextGoesBeforeThatOfAnItem(t *testing.T) {
	first := errors.New("first")
	failOrLinger := func(_ context.Context, i int) error {
		if i == 1 {
			return first
		}
		time.Sleep(2 * time.Second)
		return nil
	}
	for name, call := range map[string]func(context.Context) error{
		"ForEach": func(ctx context.Context) error {
			return mr.ForEach(ctx, slices.Values(upTo(2)), failOrLinger, mr.Options{})
		},
		"ForEachSlice": func(ctx context.Context) error {
			return mr.ForEachSlice(ctx, []int{0, 1}, failOrLinger, mr.Options{})
		},
		"MapReduce": func(ctx context.Context) error {
			_, err := mr.MapReduce(ctx, slices.Values(upTo(1)), func(context.Context, int, func(int)) error { return first },
				func(context.Context, iter.Seq[int]) (int, error) {
					time.Sleep(2 * time.Second)
					return 0, nil
				}, mr.Options{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				require.ErrorIs(t, call(ctx), context.DeadlineExceeded)
			})
		})
	}
}

// late runs a million cheap items, the 5000th of which does end, and counts how
// many are begun after that.
func late(run func(fn func(context.Context, int) error) error, end func() error) (late int64, err error) {
	var begun, after atomic.Int64
	var ended atomic.Bool
	err = run(func(context.Context, int) error {
		if ended.Load() {
			after.Add(1)
		}
		if begun.Add(1) != 5000 {
			return nil
		}
		defer ended.Store(true)
		return end()
	})
	return after.Load(), err
}

// cheapRuns are both ways to run a million items.
func cheapRuns(ctx context.Context, o mr.Options) []func(fn func(context.Context, int) error) error {
	return []func(fn func(context.Context, int) error) error{
		func(fn func(context.Context, int) error) error { return mr.ForEach(ctx, count(1_000_000), fn, o) },
		func(fn func(context.Context, int) error) error {
			return mr.ForEachSlice(ctx, make([]int, 1_000_000), fn, o)
		},
	}
}

func TestFewCheapItemsAreBegunAfterACancel(t *testing.T) {
	for workers, most := range map[int]int64{1: 31, 16: 16 * 63} {
		for i := range 2 {
			ctx, cancel := context.WithCancel(t.Context())
			n, err := late(cheapRuns(ctx, mr.Options{Workers: workers})[i], func() error { cancel(); return nil })
			require.True(t, err == context.Canceled, "%v", err)
			require.LessOrEqual(t, n, most)
		}
	}
}

func TestNoCheapItemIsBegunAfterAnError(t *testing.T) {
	for _, run := range cheapRuns(t.Context(), mr.Options{Workers: 1}) {
		n, err := late(run, func() error { return errTest })
		require.Equal(t, errTest, err)
		require.Zero(t, n)
	}
}

func TestAHookThatExitsHangsNobody(t *testing.T) {
	for name, call := range map[string]func(fn func(), o mr.Options){
		"ForEach": func(fn func(), o mr.Options) {
			_ = mr.ForEach(context.Background(), slices.Values(upTo(2)), func(context.Context, int) error { fn(); return nil }, o)
		},
		"MapReduce": func(fn func(), o mr.Options) {
			_, _ = mr.MapReduce(context.Background(), slices.Values(upTo(1)), func(context.Context, int, func(int)) error { fn(); return nil },
				func(context.Context, iter.Seq[int]) (int, error) { fn(); return 0, nil }, o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var both, done sync.WaitGroup
			both.Add(2)
			done.Go(func() {
				defer func() { _ = recover() }()
				call(func() { both.Done(); both.Wait(); panic("lost") },
					mr.Options{OnPanic: func(*weir.Panic) { runtime.Goexit() }})
			})
			done.Wait()
		})
	}
}
