package limit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

// line starts n callers that all have to queue.
func line(t *testing.T, l *limit.Concurrency, n int) []*caller {
	t.Helper()
	before := l.Stats().Waiting
	callers := make([]*caller, n)
	for i := range callers {
		callers[i] = call(t.Context(), l)
		callers[i].requireWaiting(t)
	}
	require.Equal(t, before+n, l.Stats().Waiting)
	return callers
}

func TestWaitersAreAdmittedFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range []int{1, 2, 65} {
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: size, MaxQueue: 300, MaxWait: -1})
			held := take(t, l, size)
			callers := line(t, l, 300)
			for i, c := range callers {
				c.requireWaiting(t)
				settle(held[0])
				synctest.Wait()
				c.requireAdmitted(t)
				require.Equal(t, len(callers)-i-1, l.Stats().Waiting)
				held = append(held[1:], c.permit)
			}
			settle(held...)
			requireWhole(t, l)
		}
	})
}

func TestNewcomersDoNotOvertakeThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 10, MaxWait: -1})
		held := take(t, l, 1)[0]
		queued := line(t, l, 3)
		for i, first := range queued {
			settle(held) // the permit is promised to first, at once
			newcomer := call(t.Context(), l)
			newcomer.requireWaiting(t)
			first.requireAdmitted(t)
			held, queued = first.permit, append(queued, newcomer)
			for _, later := range queued[i+1:] {
				later.requireWaiting(t)
			}
		}
		for _, c := range queued[3:] {
			settle(held)
			synctest.Wait()
			c.requireAdmitted(t)
			held = c.permit
		}
		settle(held)
		requireWhole(t, l)
	})
}

func TestQueueHoldsExactlyMaxQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range []int{1, 64, 65} {
			for _, queue := range []int{1, 2, 100} {
				l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: size, MaxQueue: queue, MaxWait: -1})
				held := take(t, l, size)
				callers := line(t, l, queue)
				for range 2 {
					refused := call(t.Context(), l)
					require.True(t, refused.returned.Load())
					require.Same(t, limit.ErrFull, refused.err)
					require.Zero(t, refused.after)
				}

				settle(held[0]) // one place comes free, and is taken
				synctest.Wait()
				callers = append(callers, line(t, l, 1)...)
				require.Same(t, limit.ErrFull, call(t.Context(), l).err)

				settle(held[1:]...)
				for _, c := range callers {
					synctest.Wait()
					c.requireAdmitted(t)
					settle(c.permit)
				}
				requireWhole(t, l)
				require.Equal(t, uint64(3), l.Stats().Refused)
			}
		}
	})
}

func TestWaitersGiveUpAfterExactlyMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for set, want := range map[time.Duration]time.Duration{
			0:                         time.Second, // the default
			1:                         1,
			1234567 * time.Nanosecond: 1234567 * time.Nanosecond,
			time.Hour:                 time.Hour,
		} {
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 2, MaxWait: set, MaxHold: -1})
			held := take(t, l, 1)
			early := call(t.Context(), l)
			time.Sleep(want / 2)
			late := call(t.Context(), l)

			time.Sleep(want - want/2 - 1)
			synctest.Wait()
			early.requireWaiting(t)
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			require.True(t, early.returned.Load())
			require.Same(t, limit.ErrQueueTimeout, early.err)
			require.ErrorIs(t, early.err, weir.ErrRejected)
			require.Equal(t, want, early.after)
			require.Zero(t, early.permit)

			time.Sleep(want)
			synctest.Wait()
			require.Equal(t, want, late.after)
			require.Equal(t, uint64(2), l.Stats().TimedOut)
			settle(held...)
			requireWhole(t, l)
		}
	})
}

func TestNegativeMaxWaitIsAsLongAsTheContextLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 2, MaxWait: -1, MaxHold: -1})
		held := take(t, l, 1)
		patient := call(t.Context(), l)
		ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
		defer cancel()
		bounded := call(ctx, l)
		time.Sleep(9000 * time.Hour)
		synctest.Wait()
		patient.requireWaiting(t)
		require.Equal(t, context.DeadlineExceeded, bounded.err)
		require.Equal(t, 1000*time.Hour, bounded.after)
		settle(held...)
		synctest.Wait()
		patient.requireAdmitted(t)
		settle(patient.permit)
		requireWhole(t, l)
	})
}

func TestWaiterThatGaveUpLeavesItsPlaceToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 3, MaxWait: time.Minute})
		held := take(t, l, 1)
		first := call(t.Context(), l)
		time.Sleep(10 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		middle := call(ctx, l)
		last := call(t.Context(), l)
		require.Same(t, limit.ErrFull, call(t.Context(), l).err)

		cancel() // out of the middle
		synctest.Wait()
		require.Equal(t, context.Canceled, middle.err)
		instead := call(t.Context(), l)
		instead.requireWaiting(t)
		require.Same(t, limit.ErrFull, call(t.Context(), l).err)

		time.Sleep(50 * time.Second) // off the head
		synctest.Wait()
		require.Same(t, limit.ErrQueueTimeout, first.err)
		settle(held...)
		synctest.Wait()
		last.requireAdmitted(t)
		instead.requireWaiting(t)
		settle(last.permit)
		synctest.Wait()
		instead.requireAdmitted(t)
		settle(instead.permit)
		requireWhole(t, l)
	})
}
