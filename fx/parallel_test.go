package fx_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

func workers(n int) fx.ParallelOptions { return fx.ParallelOptions{Workers: n} }

func unordered(n int) fx.ParallelOptions { return fx.ParallelOptions{Workers: n, Unordered: true} }

func TestParallelMapYieldsInTheOrderOfItsItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 3, 7, 100} {
			got, errs := collect(fx.ParallelMap(t.Context(), upTo(200), workers(n), func(_ context.Context, v int) (int, error) {
				time.Sleep(time.Duration(v*7919%13) * time.Second)
				if v%10 == 9 {
					return 0, fmt.Errorf("%d: %w", v, errDown)
				}
				return v, nil
			}))
			require.Len(t, got, 180)
			require.True(t, slices.IsSorted(got))
			require.Len(t, errs, 20)
			require.EqualError(t, errs[19], "199: down")
		}
	})
}

func TestUnorderedResultsComeAsSoonAsTheyAreThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nap := func(_ context.Context, n int) (int, error) { time.Sleep(time.Duration(n) * time.Second); return n, nil }
		got, _ := collect(fx.ParallelMap(t.Context(), fx.Just(5, 3, 1, 4), unordered(4), nap))
		require.Equal(t, []int{1, 3, 4, 5}, got)
		got, _ = collect(fx.ParallelMap(t.Context(), fx.Just(5, 3, 1, 4), workers(4), nap))
		require.Equal(t, []int{5, 3, 1, 4}, got)
	})
}

func TestAtMostWorkersCallsRunAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, o := range []fx.ParallelOptions{workers(3), unordered(3)} {
			var running, most atomic.Int64
			start := time.Now()
			got, _ := collect(fx.ParallelMap(t.Context(), upTo(30), o, func(_ context.Context, n int) (int, error) {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(time.Second)
				running.Add(-1)
				return n, nil
			}))
			require.Len(t, got, 30)
			require.Equal(t, int64(3), most.Load())
			require.Equal(t, 10*time.Second, time.Since(start))
		}
	})
}

func TestSourceOfParallelMapIsAheadByTwiceTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, o := range []fx.ParallelOptions{workers(4), unordered(4)} {
			asked, seen := 0, 0
			for range fx.ParallelMap(t.Context(), naturals(&asked), o, func(context.Context, int) (int, error) { return 0, nil }) {
				synctest.Wait()
				seen++
				require.Equal(t, seen+2*4+1, asked, "and one that waits to be let in")
				if seen == 50 {
					break
				}
			}
			require.Equal(t, 59, asked)
		}
	})
}

// A slow call holds back later results, but not without bound the calls.
func TestSlowCallStopsTheSourceOnlyWhenTheRoomIsUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		for range fx.ParallelMap(t.Context(), endless(), workers(4), func(_ context.Context, n int) (int, error) {
			calls.Add(1)
			if n == 0 {
				time.Sleep(time.Hour)
				require.Equal(t, int64(8), calls.Load())
			}
			return n, nil
		}) {
			break
		}
	})
}

func TestResultDoesNotWaitForTheNextItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 1)
		ch <- 1
		for v, err := range fx.ParallelMap(t.Context(), fx.Range(ch), workers(2), func(_ context.Context, n int) (int, error) { return n, nil }) {
			require.NoError(t, err)
			if v == 3 {
				close(ch)
				continue
			}
			ch <- v + 1
		}
	})
}

func TestBreakCancelsTheRunningCallsAndWaitsForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int64
		start := time.Now()
		for v := range fx.ParallelMap(t.Context(), endless(), workers(4), func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return n, nil
			}
			running.Add(1)
			defer running.Add(-1)
			<-ctx.Done()
			time.Sleep(time.Second)
			return n, ctx.Err()
		}) {
			require.Zero(t, v)
			synctest.Wait()
			require.Equal(t, int64(4), running.Load())
			break
		}
		require.Zero(t, running.Load())
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestBreakDoesNotWaitForASourceThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 1)
		for range 20 {
			ch <- 1
			start := time.Now()
			for range fx.ParallelMap(t.Context(), fx.Range(ch), workers(2), func(context.Context, int) (int, error) { return 0, nil }) {
				break
			}
			require.Equal(t, time.Millisecond, time.Since(start))
			ch <- 2 // at which the source ends; the bubble would tell if not
			synctest.Wait()
			require.Empty(t, ch)
		}
	})
}

func TestGoroutinesAreAsManyAsWorkersAndOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, most := runtime.NumGoroutine(), 0
		for range fx.ParallelMap(t.Context(), upTo(1000), workers(5), func(context.Context, int) (int, error) { return 0, nil }) {
			most = max(most, runtime.NumGoroutine()-before)
		}
		require.LessOrEqual(t, most, 6)
	})
}

func TestDoneContextEndsParallelMapWithItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, o := range []fx.ParallelOptions{workers(3), unordered(3)} {
			ctx, cancel := context.WithCancelCause(t.Context())
			stuck := make(chan int, 2)
			stuck <- 1
			stuck <- 2
			time.AfterFunc(time.Second, func() { cancel(errDown) })
			start := time.Now()
			got, errs := collect(fx.ParallelMap(ctx, fx.Range(stuck), o, func(ctx context.Context, n int) (int, error) {
				if n == 2 {
					<-ctx.Done()
				}
				return n, nil
			}))
			require.Equal(t, []int{1}, got)
			require.Len(t, errs, 1)
			require.ErrorIs(t, errs[0], context.Canceled)
			require.ErrorIs(t, errs[0], errDown)
			require.Equal(t, time.Second+time.Millisecond, time.Since(start))
			close(stuck)

			calls := 0
			got, errs = collect(fx.ParallelMap(ctx, upTo(3), o, func(context.Context, int) (int, error) { calls++; return 0, nil }))
			require.Empty(t, got)
			require.Len(t, errs, 1)
			require.Zero(t, calls)
		}
	})
}

func TestResultsThatAreReadyAreDroppedWhenTheContextIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var got []int
		var last error
		for v, err := range fx.ParallelMap(ctx, upTo(100), workers(8), func(_ context.Context, n int) (int, error) {
			if n == 0 {
				time.Sleep(time.Second) // meanwhile the others get ready
			}
			return n, nil
		}) {
			got, last = append(got, v), err
			cancel()
		}
		require.Equal(t, []int{0, 0}, got)
		require.True(t, last == context.Canceled)
	})
}

func TestPassedDeadlineIsNoCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := fx.ParallelForEach(ctx, endless(), workers(2), func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return nil
		})
		require.True(t, err == context.DeadlineExceeded)
	})
}

func TestParallelFilterKeepsWhatItIsToldAndTellsOfErrors(t *testing.T) {
	for _, o := range []fx.ParallelOptions{workers(3), unordered(3)} {
		var kept, failed []int
		for v, err := range fx.ParallelFilter(ctx, upTo(100), o, func(_ context.Context, n int) (bool, error) {
			if n%10 == 0 {
				return false, errDown
			}
			return isEven(n), nil
		}) {
			if err != nil {
				require.ErrorIs(t, err, errDown)
				failed = append(failed, v)
				continue
			}
			kept = append(kept, v)
		}
		if o.Unordered {
			slices.Sort(kept)
			slices.Sort(failed)
		}
		require.Equal(t, upTo(100).Filter(func(n int) bool { return isEven(n) && n%10 != 0 }).Collect(), kept)
		require.Equal(t, upTo(100).Filter(func(n int) bool { return n%10 == 0 }).Collect(), failed)
	}
}

func TestFirstErrorEndsParallelForEach(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var calls, cancelled atomic.Int64
			err := fx.ParallelForEach(t.Context(), endless(), workers(4), func(ctx context.Context, n int) error {
				calls.Add(1)
				if n == 10 {
					time.Sleep(time.Second)
					return errDown
				}
				if n < 10 {
					return nil
				}
				<-ctx.Done()
				cancelled.Add(1)
				return errOther
			})
			require.True(t, err == errDown)
			require.Equal(t, int64(14), calls.Load())
			require.Equal(t, int64(3), cancelled.Load())
		})
	}
}

func TestParallelForEachCallsForEachItemOnce(t *testing.T) {
	var seen [1000]atomic.Int64
	require.NoError(t, fx.ParallelForEach(ctx, upTo(1000), fx.ParallelOptions{}, func(_ context.Context, n int) error {
		seen[n].Add(1)
		return nil
	}))
	for i := range seen {
		require.Equal(t, int64(1), seen[i].Load())
	}
}
