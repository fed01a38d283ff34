package executors_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/executors"
)

func TestCloseHandlesEverythingAndRefusesTheRest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, Handle: l.slowly(time.Second)})
		addAll(t, b, upTo(1, 5)...)
		require.NoError(t, b.Close(background()))
		require.Equal(t, 3*time.Second, time.Since(l.start))
		require.Equal(t, upTo(1, 5), l.items())
		require.Equal(t, executors.ErrClosed, b.Add(background(), 6))
		require.NotErrorIs(t, executors.ErrClosed, weir.ErrRejected, "it is not for want of room")
		require.NoError(t, b.Close(background()))
		require.NoError(t, b.Close(doneContext()), "nothing is left to wait for")
		requireSettled(t, b.Stats())
	})
}

func TestEveryCloseWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Handle: l.slowly(time.Second)})
		addAll(t, b, 1)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				require.NoError(t, b.Close(background()))
				require.Equal(t, time.Second, time.Since(l.start))
			})
		}
		all.Wait()
	})
}

func TestCloseWakesThoseThatWaitInAdd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, MaxPending: 1, Handle: l.slowly(time.Second)})
		addAll(t, b, 1)
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				require.Equal(t, executors.ErrClosed, b.Add(background(), 2+i))
				require.Zero(t, time.Since(l.start))
			})
		}
		synctest.Wait()
		require.Equal(t, 3, b.Stats().Waiting)
		require.NoError(t, b.Close(background()))
		all.Wait()
		require.Equal(t, []int{1}, l.items())
		require.EqualValues(t, 1, b.Stats().Accepted)
	})
}

func TestCloseGivesUpWhenItsContextIsDone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, start := newSink(), time.Now()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, OnError: s.take, Handle: func(_ context.Context, batch []int) error {
			time.Sleep(time.Hour) // it ignores its context
			return nil
		}})
		addAll(t, b, upTo(1, 7)...)
		cause := errors.New("killed")
		ctx, cancel := context.WithTimeoutCause(background(), time.Second, cause)
		defer cancel()
		err := b.Close(ctx)
		require.Equal(t, time.Second, time.Since(start))
		u, ok := errors.AsType[*executors.UnsettledError](err)
		require.True(t, ok)
		require.Equal(t, 2, u.Running)
		require.Equal(t, 5, u.GivenUp)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, cause)
		require.EqualError(t, err, "executors: closed with 2 items still in the handler and 5 given up: context deadline exceeded: killed")
		require.Equal(t, []batch{{time.Second, []int{3, 4}}, {time.Second, []int{5, 6}}, {time.Second, []int{7}}}, s.batches(),
			"OnError has them when Close returns")
		for _, err := range s.errors() {
			require.ErrorIs(t, err, executors.ErrClosed)
			require.ErrorIs(t, err, cause)
			require.EqualError(t, err, "executors: closed before the batch was begun: context deadline exceeded: killed")
		}

		require.NoError(t, b.Close(background()), "another one waits for the handler")
		require.Equal(t, time.Hour, time.Since(start))
		require.EqualValues(t, 2, b.Stats().Handled)
		requireSettled(t, b.Stats())
	})
}

func TestCloseThatGivesUpEndsTheContextOfHandlers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, cause := newSink(), errors.New("killed")
		b := executors.NewBulk(executors.BulkOptions[int]{
			Retry: executors.Retry{Attempts: -1}, OnError: s.take,
			Handle: func(ctx context.Context, _ []int) error {
				<-ctx.Done()
				return context.Cause(ctx)
			}})
		addAll(t, b, 1)
		ctx, cancel := context.WithTimeoutCause(background(), time.Second, cause)
		defer cancel()
		err := b.Close(ctx)
		require.ErrorIs(t, err, cause)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []batch{{time.Second, []int{1}}}, s.batches(), "without another try")
		require.ErrorIs(t, s.errors()[0], cause)
		require.NotErrorIs(t, s.errors()[0], executors.ErrClosed, "it was begun")
	})
}

func TestCloseThatGivesUpEndsPausesAndReportsWhatPaused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, start := newSink(), time.Now()
		failure := waitFor(time.Minute)
		b := executors.NewBulk(executors.BulkOptions[int]{
			Size: 1, Retry: executors.Retry{Attempts: -1, Base: -1}, OnError: s.take,
			Handle: func(context.Context, []int) error { return failure }})
		addAll(t, b, 1, 2)
		ctx, cancel := context.WithTimeout(background(), 90*time.Second)
		defer cancel()
		err := b.Close(ctx)
		require.Equal(t, 90*time.Second, time.Since(start))
		require.Equal(t, &executors.UnsettledError{GivenUp: 2, Err: context.DeadlineExceeded}, err)
		require.Equal(t, []batch{{90 * time.Second, []int{1}}, {90 * time.Second, []int{2}}}, s.batches())
		require.Equal(t, failure, s.errors()[0])
		require.ErrorIs(t, s.errors()[1], executors.ErrClosed)
		require.EqualValues(t, 1, b.Stats().Retries)
	})
}

func TestCloseWithADoneContextGivesUpAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, s := newLog(), newSink()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, Interval: -1, Handle: l.handle, OnError: s.take})
		addAll(t, b, 1)
		err := b.Close(doneContext())
		// A worker may have begun: then the item is handled, and all is settled.
		if err != nil {
			require.Len(t, s.batches(), 1)
		}
		require.NoError(t, b.Close(background()))
		require.Equal(t, 1, len(l.items())+len(s.batches()))
	})
}

func TestEverythingIsReportedThoughAllWorkersHang(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, release := newSink(), make(chan struct{})
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Workers: 2, OnError: s.take,
			Handle: func(context.Context, []int) error {
				<-release
				return errors.New("late")
			}})
		addAll(t, b, upTo(1, 6)...)
		synctest.Wait()
		require.Equal(t, &executors.UnsettledError{Running: 2, GivenUp: 4, Err: context.Canceled}, b.Close(doneContext()))
		require.Len(t, s.batches(), 4)
		close(release)
		require.NoError(t, b.Close(background()))
		require.Len(t, s.batches(), 6)
		require.EqualError(t, s.errors()[5], "late")
	})
}

func TestOnErrorThatCallsGoexitWhileCloseGivesUpCostsNothingElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, release := newSink(), make(chan struct{})
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1,
			Handle:  func(context.Context, []int) error { <-release; return nil },
			OnError: func(items []int, err error) { s.take(items, err); runtime.Goexit() }})
		addAll(t, b, 1, 2, 3)
		synctest.Wait()
		require.Equal(t, &executors.UnsettledError{Running: 1, GivenUp: 2, Err: context.Canceled}, b.Close(doneContext()))
		close(release)
		require.NoError(t, b.Close(background()))
		require.Len(t, s.batches(), 2)
	})
}

func TestCloseStopsTheTimer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 10, Interval: time.Second, Handle: l.handle})
		addAll(t, b, 1)
		require.NoError(t, b.Close(background()))
		time.Sleep(time.Hour)
		require.Equal(t, []batch{{0, []int{1}}}, l.batches())
	})
}
