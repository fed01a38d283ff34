package syncx_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

func newCond() *syncx.Cond { return syncx.NewCond(new(sync.Mutex)) }

// wait calls Wait once, with the lock, and says what came of it and in which order.
func wait(ctx context.Context, c *syncx.Cond, woken func(error)) {
	c.L.Lock()
	defer c.L.Unlock()
	woken(c.Wait(ctx))
}

func TestSignalWakesOneInTheOrderOfTheirComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCond()
		var order []int
		for i := range 4 {
			go wait(t.Context(), c, func(err error) {
				require.NoError(t, err)
				order = append(order, i)
			})
			synctest.Wait()
		}
		c.Signal()
		synctest.Wait()
		require.Equal(t, []int{0}, order)
		c.Signal()
		synctest.Wait()
		require.Equal(t, []int{0, 1}, order)
		c.Broadcast()
		synctest.Wait()
		require.ElementsMatch(t, []int{0, 1, 2, 3}, order)
	})
}

func TestSignalWithNobodyThereIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCond()
		c.Signal()
		c.Broadcast()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		start := time.Now()
		wait(ctx, c, func(err error) {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, errImpatient)
		})
		require.Equal(t, time.Second, time.Since(start))
		c.Signal()
		wait(ctx, c, func(err error) { require.ErrorIs(t, err, errImpatient, "already done") })
	})
}

func TestWaitHoldsTheLockBeforeAndAfterAndNotMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		c := syncx.NewCond(&mu)
		ctx, cancel := context.WithCancel(t.Context())
		for _, end := range []func(){c.Signal, c.Broadcast, cancel, func() {}} {
			mu.Lock()
			time.AfterFunc(time.Second, func() {
				require.True(t, mu.TryLock(), "while it waits")
				mu.Unlock()
				end()
			})
			_ = c.Wait(ctx)
			require.False(t, mu.TryLock(), "after it has waited")
			mu.Unlock()
			time.Sleep(time.Minute)
		}
	})
}

func TestSignalThatComesWithTheEndOfAContextIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCond()
		ctx := newDying()
		var first, second error
		woken := 0
		go wait(ctx, c, func(err error) { first = err; woken++ })
		synctest.Wait()
		go wait(t.Context(), c, func(err error) { second = err; woken++ })
		synctest.Wait()
		ctx.end()
		c.Signal()
		synctest.Wait()
		require.Equal(t, context.Canceled, first)
		require.NoError(t, second)
		require.Equal(t, 2, woken)
	})
}

func TestBroadcastIsNotPassedOnToWhoComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCond()
		late, leave := context.WithCancel(t.Context())
		ctx := newDying()
		ctx.last = func() {
			go wait(late, c, func(err error) { require.Equal(t, context.Canceled, err) })
			time.Sleep(time.Second) // it waits by now
		}
		go wait(ctx, c, func(err error) { require.Equal(t, context.Canceled, err) })
		synctest.Wait()
		ctx.end()
		c.Broadcast()
		time.Sleep(time.Minute)
		leave()
		synctest.Wait()
	})
}

func TestCondNeedsALock(t *testing.T) {
	require.PanicsWithValue(t, "syncx: a Cond needs a lock", func() { syncx.NewCond(nil) })
}

// Consumers who give up now and then, producers who signal each item: all is
// consumed by those who stay.
func TestNoSignalIsLostToAWaiterWhoGivesUp(t *testing.T) {
	const items = 5000
	c := newCond()
	ready, taken := 0, 0
	take := func(ctx context.Context) error {
		c.L.Lock()
		defer c.L.Unlock()
		for ready == 0 {
			if err := c.Wait(ctx); err != nil {
				return err
			}
		}
		ready--
		taken++
		return nil
	}
	consumers, stop := context.WithCancel(context.Background())
	var wg, produced sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for take(consumers) == nil {
			}
		})
		wg.Go(func() {
			for consumers.Err() == nil {
				ctx, cancel := context.WithCancel(consumers)
				go cancel()
				_ = take(ctx)
				cancel()
			}
		})
	}
	produced.Go(func() {
		for range items {
			c.L.Lock()
			ready++
			c.L.Unlock()
			c.Signal()
			runtime.Gosched()
		}
	})
	produced.Wait()
	for done := false; !done; runtime.Gosched() {
		c.L.Lock()
		done = taken == items // else it hangs here
		c.L.Unlock()
	}
	stop()
	wg.Wait()
	require.Zero(t, ready)
}
