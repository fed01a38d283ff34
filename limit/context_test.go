package limit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func TestDoneContextWinsOverFreePermitsFullQueueAndRefusal(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, o := range map[string]limit.ConcurrencyOptions{
		"no queue": {Max: 1},
		"queue":    {Max: 1, MaxQueue: 1, MaxWait: -1},
	} {
		t.Run(name, func(t *testing.T) {
			l := limit.NewConcurrency(o)
			for range 2 { // with a free permit, then without
				p, err := l.Allow(ctx)
				require.Equal(t, context.Canceled, err)
				require.NotErrorIs(t, err, weir.ErrRejected)
				require.Zero(t, p)
				take(t, l, 1-l.Stats().InFlight)
			}
			require.Equal(t, uint64(1), l.Stats().Admitted)
			require.Zero(t, l.Stats().Refused)
		})
	}
}

func TestDoneContextIsReturnedWithItsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("shutting down")
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 1})
		held := take(t, l, 1)
		ctx, cancel := context.WithCancelCause(t.Context())
		waiting := call(ctx, l)
		cancel(cause)
		synctest.Wait()
		late := call(ctx, l)
		for _, c := range []*caller{waiting, late} {
			require.True(t, c.returned.Load())
			require.ErrorIs(t, c.err, context.Canceled)
			require.ErrorIs(t, c.err, cause)
		}
		settle(held...)
		requireWhole(t, l)
	})
}

func TestCancelledWaiterReturnsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 5, MaxWait: time.Minute})
		held := take(t, l, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := call(ctx, l)
		deadline, stop := context.WithTimeout(t.Context(), 3*time.Second)
		defer stop()
		expired := call(deadline, l)
		time.Sleep(2 * time.Second)
		cancel()
		synctest.Wait()
		require.Equal(t, context.Canceled, cancelled.err)
		require.Equal(t, 2*time.Second, cancelled.after)
		require.Equal(t, 1, l.Stats().Waiting)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, context.DeadlineExceeded, expired.err)
		require.Equal(t, 3*time.Second, expired.after)
		settle(held...)
		requireWhole(t, l)
		require.Zero(t, l.Stats().TimedOut)
		require.Zero(t, l.Stats().Refused)
	})
}

// The permit comes free and the head of the queue is cancelled at one moment, in
// either order. Wherever the permit went, it must end with the second in line.
func TestPermitGrantedToACancelledWaiterGoesToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for i := range 500 {
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 5, MaxWait: -1})
			held := take(t, l, 1)[0]
			ctx, cancel := context.WithCancel(t.Context())
			first := call(ctx, l)
			second := call(t.Context(), l)
			cancelFirst := i%2 == 0
			if cancelFirst {
				cancel()
				settle(held)
			} else {
				settle(held)
				cancel()
			}
			synctest.Wait()
			require.True(t, first.returned.Load())
			if cancelFirst {
				require.Equal(t, context.Canceled, first.err, "done before the permit came")
			}
			if first.err == nil {
				second.requireWaiting(t)
				settle(first.permit)
				synctest.Wait()
			}
			second.requireAdmitted(t)
			require.Equal(t, 1, l.Stats().InFlight)
			settle(second.permit)
			requireWhole(t, l)
		}
	})
}

// lateContext runs late when somebody begins to wait for it, so that whatever
// that does has happened before the wait begins.
type lateContext struct {
	context.Context
	late func()
}

func (c lateContext) Done() <-chan struct{} {
	c.late()
	return c.Context.Done()
}

func TestDoneContextWinsOverTimeoutAndPermitOfTheSameMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for i := range 200 { // the order in which select looks is random
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 1, MaxWait: time.Second})
			held := take(t, l, 1)
			ctx, cancel := context.WithCancel(t.Context())
			_, err := l.Allow(lateContext{ctx, func() {
				time.Sleep(time.Second) // MaxWait is over
				cancel()
				if i%2 == 0 {
					settle(held...)
				}
			}})
			require.Equal(t, context.Canceled, err)
			require.Zero(t, l.Stats().TimedOut)
			settle(held...)
			requireWhole(t, l)
		}
	})
}

func TestPermitOfTheLastMomentWinsOverTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 200 {
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 1, MaxWait: time.Second})
			held := take(t, l, 1)
			p, err := l.Allow(lateContext{t.Context(), func() {
				time.Sleep(time.Second)
				settle(held...)
			}})
			require.NoError(t, err)
			settle(p)
			require.Zero(t, l.Stats().TimedOut)
			requireWhole(t, l)
		}
	})
}
