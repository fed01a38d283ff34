package syncx_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

func TestLimitLendsWhatItHasAndTakesBackNoMore(t *testing.T) {
	l := syncx.NewLimit(2)
	require.Equal(t, 2, l.Max())
	require.Equal(t, syncx.ErrLimitReturn, l.Return())
	require.NoError(t, l.Borrow(t.Context()))
	require.True(t, l.TryBorrow())
	require.False(t, l.TryBorrow())
	require.Equal(t, 2, l.InUse())
	require.NoError(t, l.Return())
	require.True(t, l.TryBorrow())
	require.NoError(t, l.Return())
	require.NoError(t, l.Return())
	require.Equal(t, syncx.ErrLimitReturn, l.Return())
	require.Zero(t, l.InUse())
}

func TestLimitOfNothingIsRefused(t *testing.T) {
	for _, n := range []int{0, -1} {
		require.PanicsWithValue(t, "syncx: a Limit must be at least 1", func() { syncx.NewLimit(n) })
	}
}

func TestBorrowersAreServedInTheOrderOfTheirComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := syncx.NewLimit(2)
		require.True(t, l.TryBorrow())
		require.True(t, l.TryBorrow())
		var order []int
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				require.NoError(t, l.Borrow(t.Context()))
				order = append(order, i)
				require.Equal(t, 2, l.InUse())
				require.NoError(t, l.Return())
			})
			synctest.Wait()
		}
		require.NoError(t, l.Return())
		require.False(t, l.TryBorrow(), "nobody overtakes who waits")
		wg.Wait()
		require.Equal(t, []int{0, 1, 2, 3, 4}, order)
		require.Equal(t, 1, l.InUse())
	})
}

func TestBorrowerLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := syncx.NewLimit(1)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		require.NoError(t, l.Borrow(ctx))
		start := time.Now()
		err := l.Borrow(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errImpatient)
		require.Equal(t, time.Second, time.Since(start))
		require.NoError(t, l.Return(), "without anybody who waits")
		require.ErrorIs(t, l.Borrow(ctx), errImpatient, "a done context gets nothing")
		require.Zero(t, l.InUse())
	})
}

func TestPermitThatComesWithTheEndOfAContextIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := syncx.NewLimit(1)
		require.True(t, l.TryBorrow())
		ctx := newDying()
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- l.Borrow(ctx) }()
		synctest.Wait()
		go func() { second <- l.Borrow(t.Context()) }()
		synctest.Wait()
		ctx.end()
		require.NoError(t, l.Return())
		require.Equal(t, context.Canceled, <-first)
		require.NoError(t, <-second)
		require.Equal(t, 1, l.InUse())
	})
}

func TestNoPermitIsLostToABorrowerWhoGivesUp(t *testing.T) {
	for range 3000 * stress {
		l := syncx.NewLimit(1)
		require.True(t, l.TryBorrow())
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() {
			if l.Borrow(ctx) == nil {
				_ = l.Return()
			}
		})
		wg.Go(func() {
			if l.Borrow(context.Background()) == nil {
				_ = l.Return()
			}
		})
		runtime.Gosched()
		wg.Go(cancel)
		require.NoError(t, l.Return())
		wg.Wait()
		require.Zero(t, l.InUse())
	}
}

func TestLimitStandsACrowd(t *testing.T) {
	const callers, permits = 10_000, 3
	l := syncx.NewLimit(permits)
	var inside, most, got atomic.Int64
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			ctx := context.Background()
			if i%3 == 0 {
				limited, cancel := context.WithTimeout(ctx, time.Duration(i%1000)*time.Microsecond)
				defer cancel()
				ctx = limited
			}
			if i%7 == 0 && !l.TryBorrow() || i%7 != 0 && l.Borrow(ctx) != nil {
				return
			}
			got.Add(1)
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			runtime.Gosched()
			inside.Add(-1)
			if err := l.Return(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most.Load(), int64(permits))
	require.Zero(t, l.InUse())
	require.Positive(t, got.Load())
}
