package mr_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

type runFunc func(context.Context, iter.Seq[int], func(context.Context, int) error, mr.Options) error

// Every function with a source, called so that only what a test passes matters.
var streams = map[string]runFunc{
	"ForEach": mr.ForEach[int],
	"Map": func(ctx context.Context, source iter.Seq[int], fn func(context.Context, int) error, o mr.Options) error {
		_, err := mr.Map(ctx, source, func(ctx context.Context, i int) (int, error) { return i, fn(ctx, i) }, o)
		return err
	},
	"MapReduce": func(ctx context.Context, source iter.Seq[int], fn func(context.Context, int) error, o mr.Options) error {
		_, err := mr.MapReduce(ctx, source, func(ctx context.Context, i int, yield func(int)) error {
			yield(i)
			return fn(ctx, i)
		}, sum, o)
		return err
	},
}

func eachStream(t *testing.T, test func(t *testing.T, run runFunc)) {
	t.Helper()
	for name, run := range streams {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) { test(t, run) })
		})
	}
}

func nothing(context.Context, int) error { return nil }

// blocked yields n items and then heeds nothing until the test ends.
func blocked(t *testing.T, n int) iter.Seq[int] {
	free := make(chan struct{})
	t.Cleanup(func() {
		close(free)
		synctest.Wait()
	})
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
		<-free
		yield(n)
	}
}

func TestFirstErrorStopsAnEndlessSource(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var yielded, called atomic.Int64
		start := time.Now()
		err := run(t.Context(), endless(&yielded), func(ctx context.Context, i int) error {
			called.Add(1)
			if i == 5 {
				return errTest
			}
			<-ctx.Done()
			require.Equal(t, errTest, context.Cause(ctx))
			return ctx.Err()
		}, mr.Options{Workers: 10})
		require.Equal(t, errTest, err)
		require.LessOrEqual(t, called.Load(), int64(10))
		require.Zero(t, time.Since(start))
	})
}

func TestCancelStopsAnEndlessSource(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var yielded atomic.Int64
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := run(ctx, endless(&yielded), func(context.Context, int) error {
			time.Sleep(30 * time.Millisecond)
			return nil
		}, mr.Options{})
		require.True(t, err == context.DeadlineExceeded, "%v", err)
		// Those that ran at the deadline have returned, and no others were begun.
		require.Equal(t, 1020*time.Millisecond, time.Since(start))
	})
}

func TestCancelIsCancelAndTellsItsCause(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var yielded atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		err := run(ctx, endless(&yielded), func(context.Context, int) error {
			cancel()
			return nil
		}, mr.Options{})
		require.True(t, err == context.Canceled, "%v", err)

		ctx, cancelCause := context.WithCancelCause(t.Context())
		err = run(ctx, endless(&yielded), func(ctx context.Context, i int) error {
			cancelCause(errTest)
			return errors.New("a consequence")
		}, mr.Options{})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errTest)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestDoneContextCallsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	eachStream(t, func(t *testing.T, run runFunc) {
		err := run(ctx, func(func(int) bool) { panic("called") }, func(context.Context, int) error { panic("called") }, mr.Options{})
		require.True(t, err == context.Canceled)
	})
}

// Half a millisecond is what a source has to see that it shall end.
func TestBlockedSourceDelaysTheReturnByHalfAMillisecond(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := run(ctx, blocked(t, 20), nothing, mr.Options{})
		require.True(t, err == context.DeadlineExceeded, "%v", err)
		require.Equal(t, time.Second+500*time.Microsecond, time.Since(start))

		start = time.Now()
		err = run(t.Context(), blocked(t, 20), func(_ context.Context, i int) error {
			if i == 19 {
				return errTest
			}
			return nil
		}, mr.Options{})
		require.Equal(t, errTest, err)
		require.Equal(t, 500*time.Microsecond, time.Since(start))
	})
}

// A source that heeds yield has cleaned up when the call returns.
func TestSourceThatHeedsYieldHasEnded(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		for _, workers := range []int{1, 4} {
			cleaned := false
			err := run(t.Context(), func(yield func(int) bool) {
				defer func() { cleaned = true }()
				for i := 0; yield(i); i++ {
				}
			}, func(_ context.Context, i int) error {
				if i == 10 {
					return errTest
				}
				return nil
			}, mr.Options{Workers: workers})
			require.Equal(t, errTest, err)
			require.True(t, cleaned)
		}
	})
}

// A source that ends because its context is done looks as one that is complete.
func TestSourceThatEndsWithTheContextIsNotComplete(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		err := run(ctx, func(yield func(int) bool) {
			yield(1)
			cancel()
		}, nothing, mr.Options{})
		require.True(t, err == context.Canceled, "%v", err)
	})
}

func TestRunningFunctionsAreWaitedFor(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		running := atomic.Int64{}
		start := time.Now()
		err := run(t.Context(), count(100), func(_ context.Context, i int) error {
			running.Add(1)
			defer running.Add(-1)
			if i == 0 {
				return errTest
			}
			time.Sleep(time.Hour) // deaf to its context
			return nil
		}, mr.Options{Workers: 4})
		require.Equal(t, errTest, err)
		require.Zero(t, running.Load())
		require.LessOrEqual(t, time.Since(start), time.Hour)
	})
}

func TestCollectedErrorsStopNothingAndComeInOrder(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var called atomic.Int64
		err := run(t.Context(), count(1000), func(_ context.Context, i int) error {
			called.Add(1)
			time.Sleep(time.Duration(1000-i) * time.Microsecond)
			if i%300 == 0 {
				return itemError(i)
			}
			return nil
		}, mr.Options{CollectErrors: true})
		require.EqualValues(t, 1000, called.Load())
		require.EqualError(t, err, "item 0\nitem 300\nitem 600\nitem 900")
		require.ErrorIs(t, err, itemError(600))
	})
}

func TestCancelEndsCollecting(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var yielded atomic.Int64
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		err := run(ctx, endless(&yielded), func(ctx context.Context, i int) error {
			if i == 3 {
				return itemError(3)
			}
			<-ctx.Done()
			return itemError(i)
		}, mr.Options{CollectErrors: true})
		require.EqualError(t, err, "context deadline exceeded\nitem 3")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// The results end at once, even if a mapper goes on.
func TestResultsEndWithTheContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := mr.MapReduce(ctx, count(1), func(_ context.Context, i int, yield func(int)) error {
			time.Sleep(time.Hour)
			return nil
		}, func(ctx context.Context, results iter.Seq[int]) (int, error) {
			for range results {
				require.Fail(t, "there are none")
			}
			require.Equal(t, time.Second, time.Since(start))
			require.Equal(t, context.DeadlineExceeded, ctx.Err())
			return 0, nil
		}, mr.Options{})
		require.True(t, err == context.DeadlineExceeded)
		require.Equal(t, time.Hour, time.Since(start))
	})
}
