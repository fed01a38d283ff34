package mr_test

import (
	"bytes"
	"context"
	"iter"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/mr"
)

func panicHere() { panic(errTest) }

func TestPanicOfTheFunctionIsRaisedInTheCaller(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var yielded, running atomic.Int64
		endOf(func() error {
			return run(t.Context(), endless(&yielded), func(ctx context.Context, i int) error {
				running.Add(1)
				defer running.Add(-1)
				if i == 7 {
					panicHere()
				}
				<-ctx.Done()
				return nil
			}, mr.Options{})
		}).requirePanic(t, errTest, "mr_test.panicHere")
		require.Zero(t, running.Load())
	})
}

func TestPanicOfTheSourceIsRaisedInTheCaller(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		for _, n := range []int{0, 1, 100} {
			endOf(func() error {
				return run(t.Context(), func(yield func(int) bool) {
					count(n)(yield)
					panicHere()
				}, func(ctx context.Context, _ int) error {
					<-ctx.Done()
					return nil
				}, mr.Options{Workers: 200})
			}).requirePanic(t, errTest, "mr_test.panicHere")
		}
	})
}

func TestSourceThatDoesNotHeedYieldPanics(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		e := endOf(func() error {
			return run(t.Context(), func(yield func(int) bool) {
				for i := 0; ; i++ {
					yield(i)
				}
			}, func(context.Context, int) error { return errTest }, mr.Options{})
		})
		p, ok := e.panicked.(*weir.Panic)
		require.True(t, ok)
		require.ErrorContains(t, p, "continued iteration after")
	})
}

func TestPanicOfTheReducerIsRaisedWhenAllHaveReturned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var yielded, running atomic.Int64
		endOf(func() error {
			_, err := mr.MapReduce(t.Context(), endless(&yielded), func(ctx context.Context, i int, yield func(int)) error {
				running.Add(1)
				defer running.Add(-1)
				yield(i)
				if i > 10 {
					<-ctx.Done()
				}
				return nil
			}, func(_ context.Context, results iter.Seq[int]) (int, error) {
				for v := range results {
					if v == 5 {
						panicHere()
					}
				}
				return 0, nil
			}, mr.Options{})
			return err
		}).requirePanic(t, errTest, "mr_test.panicHere")
		require.Zero(t, running.Load())
	})
}

func TestPanicAfterTheReducersResultIsRaised(t *testing.T) {
	bubble(t, func(t *testing.T) {
		endOf(func() error {
			_, err := mr.MapReduce(t.Context(), count(10), func(ctx context.Context, i int, yield func(int)) error {
				if i == 0 {
					yield(1)
					return nil
				}
				<-ctx.Done() // the reducer has returned
				panicHere()
				return nil
			}, func(_ context.Context, results iter.Seq[int]) (int, error) {
				for v := range results {
					return v, nil
				}
				return 0, nil
			}, mr.Options{OnPanic: func(*weir.Panic) {}})
			return err
		}).requirePanic(t, errTest, "mr_test.panicHere")
	})
}

func TestFurtherPanicsAreReported(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var reported atomic.Int64
		endOf(func() error {
			return run(t.Context(), count(8), func(context.Context, int) error {
				time.Sleep(time.Second) // until all have begun
				panicHere()
				return nil
			}, mr.Options{Workers: 8, OnPanic: func(p *weir.Panic) {
				require.Equal(t, errTest, p.Value)
				reported.Add(1)
			}})
		}).requirePanic(t, errTest, "mr_test.panicHere")
		require.EqualValues(t, 7, reported.Load())
	})
}

func TestPanicOfASourceThatWasLeftBehindIsReported(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var out bytes.Buffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
		defer slog.SetDefault(before)
		var reported []any
		hooks := map[string]func(*weir.Panic){
			"":      func(p *weir.Panic) { reported = append(reported, p.Value) },
			"hook":  func(*weir.Panic) { panic("hook") },
			"value": nil,
		}
		for logged, hook := range hooks {
			out.Reset()
			free := make(chan struct{})
			err := run(t.Context(), func(yield func(int) bool) {
				yield(1)
				<-free
				panic("value")
			}, func(context.Context, int) error { return errTest }, mr.Options{OnPanic: hook})
			require.Equal(t, errTest, err)
			close(free)
			synctest.Wait()
			require.Contains(t, out.String(), logged)
		}
		require.Equal(t, []any{"value"}, reported)
	})
}

func TestGoexitEndsTheCallerToo(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		var yielded, running atomic.Int64
		require.Equal(t, ending{exited: true}, endOf(func() error {
			return run(t.Context(), endless(&yielded), func(ctx context.Context, i int) error {
				running.Add(1)
				defer running.Add(-1)
				if i == 7 {
					runtime.Goexit()
				}
				<-ctx.Done()
				return nil
			}, mr.Options{CollectErrors: true})
		}))
		require.Zero(t, running.Load())

		require.Equal(t, ending{exited: true}, endOf(func() error {
			return run(t.Context(), func(yield func(int) bool) {
				yield(1)
				runtime.Goexit()
			}, nothing, mr.Options{})
		}))
	})
}

func TestGoexitOfTheReducerWaitsForAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var yielded, running atomic.Int64
		call := func(fail func()) func() error {
			return func() error {
				_, err := mr.MapReduce(t.Context(), endless(&yielded), func(ctx context.Context, i int, yield func(int)) error {
					running.Add(1)
					defer running.Add(-1)
					yield(i)
					<-ctx.Done()
					fail()
					return nil
				}, func(_ context.Context, results iter.Seq[int]) (int, error) {
					for range results {
						break
					}
					runtime.Goexit()
					return 0, nil
				}, mr.Options{OnPanic: func(*weir.Panic) {}})
				return err
			}
		}
		require.Equal(t, ending{exited: true}, endOf(call(func() {})))
		require.Equal(t, ending{exited: true}, endOf(call(runtime.Goexit)))
		// What is known of a panic is not lost.
		endOf(call(panicHere)).requirePanic(t, errTest, "mr_test.panicHere")
		require.Zero(t, running.Load())
	})
}
