package limit_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func TestAdmitsMaxAndRefusesTheNext(t *testing.T) {
	for _, size := range append(sizes, 1000) {
		t.Run(fmt.Sprint("max ", size), func(t *testing.T) {
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: size})
			permits := take(t, l, size)
			for range 3 {
				p, err := l.Allow(t.Context())
				require.Same(t, limit.ErrFull, err)
				require.ErrorIs(t, err, weir.ErrRejected)
				require.Zero(t, p)
			}
			// Whichever permit comes back, it is found, and it is the only one.
			for i := range permits {
				settle(permits[i])
				permits[i] = take(t, l, 1)[0]
				_, err := l.Allow(t.Context())
				require.Same(t, limit.ErrFull, err)
			}
			settle(permits...)
			requireWhole(t, l)
		})
	}
}

func TestRefusalsAreRejectionsAndDiffer(t *testing.T) {
	for _, err := range []error{limit.ErrFull, limit.ErrQueueTimeout} {
		require.ErrorIs(t, err, weir.ErrRejected)
		require.Equal(t, weir.Ignored, weir.Classify(err))
		require.Regexp(t, "^limit: ", err.Error())
	}
	require.NotErrorIs(t, limit.ErrFull, limit.ErrQueueTimeout)
	require.NotErrorIs(t, limit.ErrQueueTimeout, limit.ErrFull)
}

func TestOutcomeDoesNotMatter(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
	for _, o := range []weir.Outcome{weir.Success, weir.Failure, weir.Ignored, weir.Overloaded} {
		for range 100 {
			take(t, l, 1)[0].Done(o)
		}
	}
	requireWhole(t, l)
}

func TestUnknownOutcomeGivesThePermitBackAllTheSame(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
	p := take(t, l, 1)[0]
	require.Panics(t, func() { p.Done(weir.Overloaded + 1) })
	requireWhole(t, l)
}

func TestDoneTwiceFreesOnePlace(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 2})
	permits := take(t, l, 2)
	again := permits[0] // a copy is the same permit
	settle(permits[0], permits[0], again)
	require.Equal(t, 1, l.Stats().InFlight)
	take(t, l, 1)
	_, err := l.Allow(t.Context())
	require.Same(t, limit.ErrFull, err)
}

func TestStalePermitDoesNotFreeItsSuccessor(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
	stale := take(t, l, 1)[0]
	settle(stale)
	fresh := take(t, l, 1)[0] // in the same slot: there is only one
	settle(stale)
	_, err := l.Allow(t.Context())
	require.Same(t, limit.ErrFull, err)
	settle(fresh)
	requireWhole(t, l)
}

func TestDoneFromManyGoroutinesCountsOnce(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 3})
	held := take(t, l, 2)
	for range 300 {
		p := take(t, l, 1)[0]
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { p.Done(weir.Failure) })
		}
		wg.Wait()
		require.Equal(t, 2, l.Stats().InFlight)
	}
	settle(held...)
	requireWhole(t, l)
}

func TestDoGivesThePermitBackHoweverTheWorkEnds(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
	boom := errors.New("boom")
	for range 3 {
		require.NoError(t, weir.Do(t.Context(), l, func(context.Context) error { return nil }))
		require.Same(t, boom, weir.Do(t.Context(), l, func(context.Context) error { return boom }))
		require.PanicsWithError(t, "boom", func() {
			_ = weir.Do(t.Context(), l, func(context.Context) error { panic(boom) })
		})
		exited := make(chan struct{})
		go func() {
			defer close(exited)
			_ = weir.Do(context.Background(), l, func(context.Context) error { runtime.Goexit(); return nil })
		}()
		<-exited
		require.Zero(t, l.Stats().InFlight)
	}
	require.Equal(t, uint64(12), l.Stats().Admitted)
	requireWhole(t, l)
}

func TestNestedDoOfTheSameLimitIsRefusedInsteadOfHanging(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
	err := weir.Do(t.Context(), l, func(ctx context.Context) error {
		return weir.Do(ctx, l, func(context.Context) error { return nil })
	})
	require.Same(t, limit.ErrFull, err)
	requireWhole(t, l)
}

func TestJoinedLimitsGiveBackWhatTheyTook(t *testing.T) {
	wide := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 5})
	narrow := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
	both := weir.Join(wide, narrow)
	p, err := both.Allow(t.Context())
	require.NoError(t, err)
	_, err = both.Allow(t.Context())
	require.Same(t, limit.ErrFull, err)
	require.Equal(t, 1, wide.Stats().InFlight)
	settle(p)
	requireWhole(t, wide)
	requireWhole(t, narrow)
}
