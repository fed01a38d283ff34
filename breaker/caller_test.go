package breaker_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// A call that does not watch its context comes back long after its deadline. It
// still had no more time than its caller gave it.
func TestTinyDeadlinesThatAreNoticedLateRefuseNobody(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		slow := func(ctx context.Context) error {
			time.Sleep(50 * time.Millisecond)
			return ctx.Err()
		}
		for range 20 {
			require.NoError(t, do(t.Context(), slow))
		}
		for range 500 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			require.Equal(t, context.DeadlineExceeded, do(ctx, slow))
			cancel()
		}
		require.Equal(t, breaker.Closed, b.State())
		require.Zero(t, b.Stats().Failed)
	})
}

// net/http, for one, returns the cause of a cancelled context, not the error.
func TestCancellationsWithACauseOfTheirOwnRefuseNobody(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		left := errors.New("the user has left")
		for range 500 {
			ctx, cancel := context.WithCancelCause(t.Context())
			err := do(ctx, func(ctx context.Context) error {
				time.Sleep(10 * time.Millisecond)
				cancel(left)
				return context.Cause(ctx)
			})
			require.Equal(t, left, err)
		}
		require.EqualValues(t, 500, b.Stats().Ignored)
	})
}

// A few very slow successes must not make every timeout look like impatience.
func TestHungBackendTripsDespiteATailOfSlowSuccesses(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 3))
			b := breaker.New(breaker.Options{})
			for range 1000 {
				took := 10 * time.Millisecond
				if rng.Float64() < 0.05 {
					took = 2 * time.Second
				}
				require.NoError(t, b.Do(t.Context(), func(context.Context) error { time.Sleep(took); return nil }))
			}
			for range 50 {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				_ = b.Do(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
				cancel()
			}
			require.Equal(t, breaker.Open, b.State())
		})
	}
}

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestErrorThatCannotSayWhatItIsStillCounts(t *testing.T) {
	b := breaker.New(breaker.Options{})
	var err *nilError
	require.Equal(t, err, b.Do(t.Context(), func(context.Context) error { return err }))
	require.EqualValues(t, 1, b.Stats().Failed)
	require.Equal(t, "failed", b.Stats().Reasons[0].Text)
}

// The clock of a bubble is far behind that of the program.
func TestBreakerMadeOutsideABubbleWorksInside(t *testing.T) {
	outside := breaker.New(breaker.Options{})
	synctest.Test(t, func(t *testing.T) {
		run := func(fn func(context.Context) error) (admitted int) {
			for range 400 {
				admitted += times(1, outside, fn)
				time.Sleep(5 * time.Millisecond)
			}
			return admitted
		}
		require.Equal(t, 400, run(succeed))
		require.Less(t, run(fail), 100)
		require.Equal(t, breaker.Open, outside.State())
		run(succeed)
		run(succeed)
		require.Equal(t, 400, run(succeed))
		require.Equal(t, breaker.Closed, outside.State())
	})
}

// What DryRun says it would have refused is what it refuses when it is for real.
func TestDryRunTellsWhatWouldBeRefused(t *testing.T) {
	for _, errorRate := range []float64{0.5, 0.8, 1} {
		synctest.Test(t, func(t *testing.T) {
			var refused [2]float64
			for i, state := range []breaker.State{breaker.Closed, breaker.DryRun} {
				l := newLoad(breaker.New(breaker.Options{}), 200, 5)
				l.breaker.Force(state)
				l.run(healthy, 10*time.Second)
				l.run(backend{latency: 10 * time.Millisecond, errorRate: errorRate}, 60*time.Second)
				l.run(healthy, 20*time.Second)
				st := l.breaker.Stats()
				refused[i] = float64(st.Refused + st.Spared)
			}
			require.Greater(t, refused[0], 1000.0)
			require.InEpsilon(t, refused[0], refused[1], 0.15)
		})
	}
}

// When a client gives up at its deadline, its server's context is cancelled a moment
// before or after the deadline would pass there.
func TestServersContextThatIsCancelledAtItsDeadlineHasRunOutOfTime(t *testing.T) {
	for _, c := range []struct {
		cancelled, returned time.Duration // of a deadline of a second
		ignored             uint64
	}{
		{cancelled: 990 * time.Millisecond, returned: 990 * time.Millisecond},
		{cancelled: 999 * time.Millisecond, returned: 1020 * time.Millisecond},
		{cancelled: 900 * time.Millisecond, returned: 900 * time.Millisecond, ignored: 1},
		{cancelled: 10 * time.Millisecond, returned: 2 * time.Second, ignored: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(breaker.Options{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			p, err := b.Allow(ctx)
			require.NoError(t, err)
			time.Sleep(c.cancelled)
			cancel()
			time.Sleep(c.returned - c.cancelled)
			p.Done(weir.Failure)
			require.Equal(t, c.ignored, b.Stats().Ignored)
			require.Equal(t, 1-c.ignored, b.Stats().Failed)
		})
	}
}

func TestClientThatGivesUpAtATinyDeadlineRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		for range 20 {
			require.NoError(t, b.Do(t.Context(), func(context.Context) error { time.Sleep(50 * time.Millisecond); return nil }))
		}
		for range 500 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			p, err := b.Allow(ctx)
			require.NoError(t, err)
			time.Sleep(9 * time.Millisecond)
			cancel()
			p.Done(weir.Failure)
		}
		require.Zero(t, b.Stats().Failed)
	})
}
