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

func onePerSecond() *limit.Token {
	return limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1)})
}

func TestThoseWhoWaitAreServedInOrderAtTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := onePerSecond(), time.Now()
		served := make(chan int, 5)
		for i := range 5 {
			go func() {
				if l.Wait(t.Context(), "user") == nil {
					served <- i
				}
			}()
			synctest.Wait()
		}
		for i := range 5 {
			require.Equal(t, i, <-served)
			require.Equal(t, time.Duration(i)*time.Second, time.Since(start))
		}
		require.False(t, decide(t, l.Allow, "user").Allowed)
	})
}

func TestNobodyWaitsInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := onePerSecond(), time.Now()
		require.NoError(t, l.Wait(t.Context(), "user"))
		for _, left := range []time.Duration{time.Second - 1, time.Second} { // not with the deadline, either
			ctx, cancel := context.WithTimeout(t.Context(), left)
			err := l.Wait(ctx, "user")
			require.ErrorIs(t, err, limit.ErrTooLong)
			require.ErrorIs(t, err, weir.ErrRejected)
			cancel()
		}
		require.ErrorIs(t, l.WaitN(t.Context(), "user", 2), limit.ErrTooLong, "never")
		require.ErrorIs(t, l.WaitN(t.Context(), "user", -1), limit.ErrCost)
		require.NoError(t, l.WaitN(t.Context(), "user", 0))
		require.Zero(t, time.Since(start), "all this took no time")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+1)
		defer cancel()
		require.NoError(t, l.Wait(ctx, "user"))
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, uint64(3), l.Stats().Refused)
	})
}

func TestWhoeverStopsWaitingGivesItsPlaceBackIfItIsTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, gone := onePerSecond(), errors.New("gone")
		require.NoError(t, l.Wait(t.Context(), "user"))
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error)
		go func() { done <- l.Wait(ctx, "user") }()
		time.Sleep(300 * time.Millisecond)
		require.Equal(t, 1700*time.Millisecond, decide(t, l.Peek, "user").RetryAfter)
		cancel(gone)
		err := <-done
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, gone)
		require.Equal(t, 700*time.Millisecond, decide(t, l.Peek, "user").RetryAfter)
	})
}

func TestReserveTellsWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(2), Burst: 4})
		reserve := func(n int, within time.Duration) (time.Duration, error) {
			r, err := l.Reserve(t.Context(), "user", n, within)
			if err != nil {
				require.Nil(t, r)
				return 0, err
			}
			require.False(t, r.Degraded())
			return r.Delay(), nil
		}
		delay, err := reserve(3, -time.Second)
		require.NoError(t, err)
		require.Zero(t, delay)
		_, err = reserve(3, time.Second-1)
		require.ErrorIs(t, err, limit.ErrTooLong)
		delay, err = reserve(3, time.Second)
		require.NoError(t, err)
		require.Equal(t, time.Second, delay)
		delay, err = reserve(4, 1<<63-1)
		require.NoError(t, err)
		require.Equal(t, 3*time.Second, delay)
		_, err = reserve(5, 1<<63-1)
		require.ErrorIs(t, err, limit.ErrTooLong)
		delay, err = reserve(0, 0)
		require.NoError(t, err)
		require.Zero(t, delay)
		_, err = reserve(-1, 0)
		require.ErrorIs(t, err, limit.ErrCost)
		require.Equal(t, 3500*time.Millisecond, decide(t, l.Allow, "user").RetryAfter, "others wait behind")
	})
}

func TestDelayCountsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := onePerSecond()
		require.True(t, decide(t, l.Allow, "user").Allowed)
		r, err := l.Reserve(t.Context(), "user", 1, time.Minute)
		require.NoError(t, err)
		time.Sleep(400 * time.Millisecond)
		require.Equal(t, 600*time.Millisecond, r.Delay())
		time.Sleep(time.Second)
		require.Zero(t, r.Delay())
	})
}

func TestCancelGivesBackOnceAndOnlyWhatNobodyRelliesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, l := t.Context(), limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1), Burst: 3})
		reserve := func(n int) *limit.Reservation {
			r, err := l.Reserve(ctx, "user", n, time.Hour)
			require.NoError(t, err)
			return r
		}
		at := func() time.Duration { return decide(t, l.Peek, "user").RetryAfter }

		now := reserve(3)
		now.Cancel(ctx)
		now.Cancel(ctx)
		require.Equal(t, limit.Decision{Allowed: true, Limit: 3, Remaining: 3}, decide(t, l.Peek, "user"))

		reserve(3)
		first, second := reserve(1), reserve(2)
		require.Equal(t, 4*time.Second, at())
		first.Cancel(ctx)
		require.Equal(t, 4*time.Second, at(), "the second has its place after the first")
		second.Cancel(ctx)
		require.Equal(t, 2*time.Second, at(), "the second was the last")
		second.Cancel(ctx)
		first.Cancel(ctx)
		require.Equal(t, 2*time.Second, at())

		time.Sleep(10 * time.Second)
		late := reserve(3)
		time.Sleep(2 * time.Second)
		late.Cancel(ctx)
		require.Equal(t, 3, decide(t, l.Peek, "user").Remaining, "two came back by themselves, one now")
		late = reserve(3)
		time.Sleep(3 * time.Second)
		require.True(t, decide(t, l.Allow, "user").Allowed)
		late.Cancel(ctx)
		require.Equal(t, 2, decide(t, l.Peek, "user").Remaining, "all had come back by itself")
	})
}

func TestWithAnotherStoreCancelGivesBackWholeEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := limit.NewMemory(limit.MemoryOptions{})
		l := limit.NewToken(limit.TokenOptions{
			Name: "api", Rate: limit.PerSecond(1), Burst: 3, Store: struct{ limit.Store }{memory},
		})
		remaining := func() int { return decide(t, l.Peek, "user").Remaining }
		r, err := l.Reserve(t.Context(), "user", 3, 0)
		require.NoError(t, err)
		r.Cancel(t.Context())
		require.Equal(t, 3, remaining())

		r, err = l.Reserve(t.Context(), "user", 3, 0)
		require.NoError(t, err)
		time.Sleep(time.Second / 2)
		r.Cancel(t.Context())
		require.Equal(t, 2, remaining(), "half an event came back, and two more")

		require.NoError(t, l.WaitN(t.Context(), "user", 3))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		done := make(chan error)
		go func() { done <- l.WaitN(ctx, "user", 1) }()
		time.Sleep(time.Second / 4)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		require.Equal(t, 750*time.Millisecond, decide(t, l.Peek, "user").RetryAfter)
	})
}
