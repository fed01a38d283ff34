package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// ways are all the ways to make one call through a breaker.
var ways = map[string]func(b *breaker.Breaker, ctx context.Context, fn func(context.Context) error) error{
	"Do": (*breaker.Breaker).Do,
	"weir.Do": func(b *breaker.Breaker, ctx context.Context, fn func(context.Context) error) error {
		return weir.Do(ctx, b, fn)
	},
	"DoFallback": func(b *breaker.Breaker, ctx context.Context, fn func(context.Context) error) error {
		return b.DoFallback(ctx, fn, func(err error) error { return err })
	},
	"Allow and Done": func(b *breaker.Breaker, ctx context.Context, fn func(context.Context) error) error {
		p, err := b.Allow(ctx)
		if err != nil {
			return err
		}
		err = fn(ctx)
		p.Done(weir.Classify(err))
		return err
	},
}

func inEveryWay(t *testing.T, o breaker.Options, test func(t *testing.T, b *breaker.Breaker, do doer)) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := breaker.New(o)
				test(t, b, func(ctx context.Context, fn func(context.Context) error) error { return way(b, ctx, fn) })
			})
		})
	}
}

func TestErrorsAreReturnedUntouched(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		require.NoError(t, do(t.Context(), succeed))
		require.True(t, do(t.Context(), fail) == errDown)
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, 1)
		require.NoError(t, do(ctx, func(got context.Context) error {
			require.Equal(t, ctx, got)
			return nil
		}))
		st := b.Stats()
		require.Equal(t, [2]uint64{2, 1}, [2]uint64{st.Accepted, st.Failed})
	})
}

func TestCancellationsAloneNeverRefuse(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		for i := range 1000 {
			ctx, cancel := context.WithCancel(t.Context())
			err := do(ctx, func(ctx context.Context) error {
				time.Sleep(time.Duration(i%20) * time.Millisecond)
				cancel()
				return fmt.Errorf("calling the backend: %w", ctx.Err())
			})
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, weir.ErrRejected)
		}
		st := b.Stats()
		require.Equal(t, breaker.Stats{State: breaker.Closed, Ignored: 1000}, st)
	})
}

func TestCancellationsDoNotHideAnOutage(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		for i := 0; b.State() != breaker.Open; i++ {
			require.Less(t, i, 200)
			_ = do(t.Context(), func(context.Context) error { return context.Canceled })
			_ = do(t.Context(), fail)
			time.Sleep(10 * time.Millisecond)
		}
	})
}

func TestRefusalsOfInnerGuardsAreIgnored(t *testing.T) {
	errFull := weir.NewRejection("test: full")
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		for _, refusal := range []error{errFull, breaker.ErrOpen, breaker.ErrThrottled, fmt.Errorf("inner: %w", errFull)} {
			for range 300 {
				require.ErrorIs(t, do(t.Context(), func(context.Context) error { return refusal }), weir.ErrRejected)
				time.Sleep(10 * time.Millisecond)
			}
		}
		require.Equal(t, breaker.Stats{Ignored: 1200}, b.Stats())
	})
}

func TestDoneContextWinsAndCountsForNothing(t *testing.T) {
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		why := errors.New("shutting down")
		canceled, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		late, stop := context.WithDeadline(t.Context(), time.Now())
		defer stop()
		for _, state := range []breaker.State{breaker.Closed, breaker.Open, breaker.ForcedOpen, breaker.Disabled, breaker.DryRun} {
			b.Force(state)
			before := b.Stats()
			for range 100 {
				err := do(canceled, func(context.Context) error { panic("called") })
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, why)
				require.NotErrorIs(t, err, weir.ErrRejected)
				require.True(t, do(late, func(context.Context) error { panic("called") }) == context.DeadlineExceeded)
			}
			require.Equal(t, before, b.Stats())
		}
	})
}

func TestSlowSuccessIsAFailure(t *testing.T) {
	o := breaker.Options{SlowCall: 100 * time.Millisecond}
	inEveryWay(t, o, func(t *testing.T, b *breaker.Breaker, do doer) {
		require.NoError(t, do(t.Context(), after(100*time.Millisecond, nil)))
		require.Equal(t, uint64(1), b.Stats().Accepted, "just in time")
		for i := 0; b.State() != breaker.Open; i++ {
			require.Less(t, i, 20)
			require.NoError(t, do(t.Context(), after(101*time.Millisecond, nil)))
		}
		require.Equal(t, "slow call", b.Stats().Reasons[0].Text)
		require.Equal(t, uint64(1), b.Stats().Accepted)
	})
}

func TestPanicsCountAsFailuresAndGoOn(t *testing.T) {
	byHand := ways["Allow and Done"] // who uses permits by hand settles them by hand
	delete(ways, "Allow and Done")
	defer func() { ways["Allow and Done"] = byHand }()
	inEveryWay(t, breaker.Options{}, func(t *testing.T, b *breaker.Breaker, do doer) {
		require.PanicsWithValue(t, errDown, func() {
			_ = do(t.Context(), func(context.Context) error { panic(errDown) })
		})
		require.Equal(t, uint64(1), b.Stats().Failed)
		panicked := 0
		for ; b.State() != breaker.Open; time.Sleep(50 * time.Millisecond) {
			func() {
				defer func() {
					require.Equal(t, "boom", recover())
					panicked++
				}()
				_ = do(t.Context(), func(context.Context) error { panic("boom") })
			}()
			require.Less(t, panicked, 20)
		}
		require.Equal(t, 9, panicked)
	})
}

func TestClassifyDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errBusy, errNotFound, errMine := errors.New("busy"), errors.New("not found"), errors.New("mine")
		b := breaker.New(breaker.Options{Classify: func(err error) weir.Outcome {
			switch {
			case err == nil:
				panic("asked about a success")
			case errors.Is(err, errBusy):
				return weir.Overloaded
			case errors.Is(err, errNotFound):
				return weir.Success
			case errors.Is(err, errMine):
				return weir.Ignored
			}
			return weir.Failure
		}})
		for _, err := range []error{nil, errBusy, errNotFound, errMine, context.Canceled} {
			require.True(t, b.Do(t.Context(), func(context.Context) error { return err }) == err)
		}
		st := b.Stats()
		require.Equal(t, [3]uint64{2, 2, 1}, [3]uint64{st.Accepted, st.Failed, st.Ignored})
		require.Equal(t, []string{"context canceled", "busy"}, texts(st.Reasons))
	})
}

func TestUnknownOutcomeOfClassifyIsCountedAsFailureAndPanics(t *testing.T) {
	b := breaker.New(breaker.Options{Classify: func(error) weir.Outcome { return 9 }})
	require.PanicsWithValue(t, "breaker: Options.Classify returned an unknown outcome(9)", func() {
		_ = b.Do(t.Context(), fail)
	})
	require.Equal(t, uint64(1), b.Stats().Failed)
	require.NoError(t, b.Do(t.Context(), succeed))
}

func TestOverloadedIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		for i := 0; b.State() != breaker.Open; i++ {
			require.Less(t, i, 20)
			p, err := b.Allow(t.Context())
			require.NoError(t, err)
			p.Done(weir.Overloaded)
			time.Sleep(50 * time.Millisecond)
		}
		require.Equal(t, "overloaded", b.Stats().Reasons[0].Text)
	})
}
