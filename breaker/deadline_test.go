package breaker_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

type doer = func(context.Context, func(context.Context) error) error

// hang is a backend that does not answer.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// fifty answers after 50 ms.
func fifty(ctx context.Context) error {
	select {
	case <-time.After(50 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// within calls fn with a deadline.
func within(d time.Duration, do doer, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return do(ctx, fn)
}

func TestHungBackendTrips(t *testing.T) {
	for _, patient := range []int{0, 100} { // successes before; none is a cold start
		inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
			for range patient {
				require.NoError(t, do(t.Context(), fifty))
			}
			for i := 0; b.State() != breaker.Open; i++ {
				require.Less(t, i, 15)
				require.ErrorIs(t, within(100*time.Millisecond, do, hang), context.DeadlineExceeded)
			}
			require.Zero(t, b.Stats().Ignored)
		})
	}
}

func TestHungBackendTripsAlsoWhereTheDeadlineIsTheCallsOwn(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		for range 100 {
			require.NoError(t, do(t.Context(), fifty))
		}
		for i := 0; b.State() != breaker.Open; i++ {
			require.Less(t, i, 15)
			_ = do(t.Context(), func(ctx context.Context) error {
				return within(100*time.Millisecond, func(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }, hang)
			})
		}
	})
}

func TestTinyDeadlinesAfterPatientCallersAreIgnored(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		for range 20 {
			require.NoError(t, do(t.Context(), fifty))
		}
		require.Equal(t, 50*time.Millisecond, b.Stats().Usual)
		for range 5000 {
			require.ErrorIs(t, within(time.Millisecond, do, fifty), context.DeadlineExceeded)
		}
		st := b.Stats()
		require.Equal(t, [4]uint64{20, 0, 5000, 0}, [4]uint64{st.Accepted, st.Failed, st.Ignored, st.Refused})
		require.Equal(t, breaker.Closed, st.State)
	})
}

func TestTinyDeadlinesBesidePatientCallersAreIgnored(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		require.NoError(t, do(t.Context(), fifty))
		var refused atomic.Int32
		var all sync.WaitGroup
		for worker := range 20 {
			all.Go(func() {
				for range 200 {
					d := time.Millisecond
					if worker == 0 {
						d = time.Second
					}
					if errors.Is(within(d, do, fifty), weir.ErrRejected) {
						refused.Add(1)
					}
					time.Sleep(3 * time.Millisecond)
				}
			})
		}
		all.Wait()
		require.Zero(t, refused.Load())
		st := b.Stats()
		require.Equal(t, [4]uint64{201, 0, 3800, 0}, [4]uint64{st.Accepted, st.Failed, st.Ignored, st.Trips})
		require.Equal(t, 50*time.Millisecond, st.Usual)
	})
}

// An error that has nothing to do with time counts, however tight the deadline is.
func TestErrorsBeforeTheDeadlineAreFailures(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		for range 20 {
			require.NoError(t, do(t.Context(), fifty))
		}
		for range 4 {
			require.Equal(t, errDown, within(time.Millisecond, do, fail))
		}
		require.Equal(t, uint64(4), b.Stats().Failed)
	})
}

// The deadline of the context decides, not how the client spells that it passed.
func TestClientsOwnErrorForAPassedDeadlineIsIgnoredToo(t *testing.T) {
	errTimeout := errors.New("i/o timeout")
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		for range 20 {
			require.NoError(t, do(t.Context(), fifty))
		}
		for range 1000 {
			require.Equal(t, errTimeout, within(time.Millisecond, do, func(ctx context.Context) error {
				_ = fifty(ctx)
				return errTimeout
			}))
		}
		require.Equal(t, [2]uint64{0, 1000}, [2]uint64{b.Stats().Failed, b.Stats().Ignored})
	})
}

func TestUsualFollowsWhatSuccessesTake(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		require.Zero(t, b.Stats().Usual)
		require.NoError(t, do(t.Context(), after(time.Second, nil))) // a cold start
		require.Equal(t, time.Second, b.Stats().Usual)
		for range 30 {
			require.NoError(t, do(t.Context(), after(10*time.Millisecond, nil)))
			time.Sleep(250 * time.Millisecond)
		}
		require.InDelta(t, float64(10*time.Millisecond), float64(b.Stats().Usual), float64(time.Millisecond))
		for i := range 100 { // one in four is slow: not the usual case
			require.NoError(t, do(t.Context(), after([]time.Duration{10, 10, 10, 500}[i%4]*time.Millisecond, nil)))
			time.Sleep(250 * time.Millisecond)
		}
		require.Less(t, b.Stats().Usual, 100*time.Millisecond)
		_ = do(t.Context(), after(time.Hour, errDown))
		require.Less(t, b.Stats().Usual, 100*time.Millisecond, "failures teach nothing")
	})
}
