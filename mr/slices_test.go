package mr_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/mr"
)

type sliceFunc func(context.Context, []int, func(context.Context, int) error, mr.Options) error

// Both functions on slices, called so that only what a test passes matters.
var onSlices = map[string]sliceFunc{
	"ForEachSlice": mr.ForEachSlice[int],
	"MapSlice": func(ctx context.Context, items []int, fn func(context.Context, int) error, o mr.Options) error {
		_, err := mr.MapSlice(ctx, items, func(ctx context.Context, i int) (int, error) { return i, fn(ctx, i) }, o)
		return err
	},
	"FoldSlice": func(ctx context.Context, items []int, fn func(context.Context, int) error, o mr.Options) error {
		_, err := mr.FoldSlice(ctx, items,
			func(ctx context.Context, so, i int) (int, error) { return so + i, fn(ctx, i) },
			func(a, b int) int { return a + b }, o)
		return err
	},
}

func eachSlice(t *testing.T, test func(t *testing.T, run sliceFunc)) {
	t.Helper()
	for name, run := range onSlices {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) { test(t, run) })
		})
	}
}

func TestMapSliceKeepsTheOrder(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 300} {
		for _, n := range []int{0, 1, 2, 15, 16, 17, 5000} {
			all, err := mr.MapSlice(t.Context(), upTo(n), func(_ context.Context, i int) (int, error) { return i, nil },
				mr.Options{Workers: workers})
			require.NoError(t, err)
			require.Equal(t, upTo(n), all)
		}
	}
}

func TestSliceKeepsAllWorkersBusyAndNoMore(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		for _, workers := range []int{1, 3, 16, 2000} {
			var here, most atomic.Int64
			start := time.Now()
			require.NoError(t, run(t.Context(), upTo(1000), func(_ context.Context, i int) error {
				most.Store(max(most.Load(), here.Add(1)))
				time.Sleep(time.Millisecond)
				here.Add(-1)
				return nil
			}, mr.Options{Workers: workers}))
			require.EqualValues(t, min(workers, 1000), most.Load())
			require.Equal(t, time.Duration((999+workers)/workers)*time.Millisecond, time.Since(start))
		}
	})
}

func TestSliceStopsAtTheFirstError(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		var called, running atomic.Int64
		err := run(t.Context(), upTo(10_000), func(ctx context.Context, i int) error {
			called.Add(1)
			running.Add(1)
			defer running.Add(-1)
			if i == 2 {
				return errTest
			}
			<-ctx.Done()
			require.Equal(t, errTest, context.Cause(ctx))
			return ctx.Err()
		}, mr.Options{})
		require.Equal(t, errTest, err)
		require.LessOrEqual(t, called.Load(), int64(mr.DefaultWorkers))
		require.Zero(t, running.Load())
	})
}

func TestSliceStopsWhenTheContextIsDone(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errTest)
		defer cancel()
		start := time.Now()
		err := run(ctx, upTo(10_000), func(_ context.Context, i int) error {
			if i >= 1000 { // up to here they are cheap, and done in a row
				time.Sleep(30 * time.Millisecond)
			}
			return nil
		}, mr.Options{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errTest)
		require.Equal(t, 1020*time.Millisecond, time.Since(start))

		err = run(ctx, upTo(3), func(context.Context, int) error { panic("called") }, mr.Options{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestSliceWhoseContextEndsWithTheLastItemIsNotDone(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		for _, n := range []int{1, 100} {
			ctx, cancel := context.WithCancel(t.Context())
			err := run(ctx, upTo(n), func(_ context.Context, i int) error {
				if i == n-1 {
					cancel()
				}
				return nil
			}, mr.Options{})
			require.True(t, err == context.Canceled, "%v", err)
		}
	})
}

func TestSliceCollectsErrors(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		err := run(t.Context(), upTo(1000), func(_ context.Context, i int) error {
			time.Sleep(time.Duration(1000-i) * time.Microsecond)
			if i%300 == 0 {
				return itemError(i)
			}
			return nil
		}, mr.Options{CollectErrors: true})
		require.EqualError(t, err, "item 0\nitem 300\nitem 600\nitem 900")
	})
}

func TestPanicAndGoexitOfAnyItemReachTheCaller(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		for _, at := range []int{0, 1, 15, 999} {
			for _, workers := range []int{1, 16} {
				var running atomic.Int64
				call := func(fail func()) func() error {
					return func() error {
						return run(t.Context(), upTo(1000), func(_ context.Context, i int) error {
							running.Add(1)
							defer running.Add(-1)
							time.Sleep(time.Millisecond)
							if i == at {
								fail()
							}
							return nil
						}, mr.Options{Workers: workers, CollectErrors: true})
					}
				}
				endOf(call(panicHere)).requirePanic(t, errTest, "mr_test.panicHere")
				require.Equal(t, ending{exited: true}, endOf(call(runtime.Goexit)))
				require.Zero(t, running.Load())
			}
		}
	})
}

func TestFurtherPanicsOnASliceAreReported(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		var reported atomic.Int64
		endOf(func() error {
			return run(t.Context(), upTo(8), func(context.Context, int) error {
				time.Sleep(time.Second)
				panicHere()
				return nil
			}, mr.Options{OnPanic: func(*weir.Panic) { reported.Add(1) }})
		}).requirePanic(t, errTest, "mr_test.panicHere")
		require.EqualValues(t, 7, reported.Load())
	})
}

func TestItemOfASliceMayWaitForThoseBeforeIt(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		const n = 2000
		var done [n]chan struct{}
		for i := range done {
			done[i] = make(chan struct{})
		}
		require.NoError(t, run(t.Context(), upTo(n), func(_ context.Context, i int) error {
			if i > 500 {
				<-done[i-1]
			}
			close(done[i])
			return nil
		}, mr.Options{Workers: 5}))
	})
}
