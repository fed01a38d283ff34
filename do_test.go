package weir_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// doFunc is the shape of weir.Do.
type doFunc = func(context.Context, weir.Guard, func(context.Context) error) error

// runners are Do, and Call seen as a Do: what holds for one holds for both.
var runners = map[string]doFunc{
	"Do": weir.Do,
	"Call": func(ctx context.Context, g weir.Guard, fn func(context.Context) error) error {
		var call func(context.Context) (int, error)
		if fn != nil {
			call = func(ctx context.Context) (int, error) { return 1, fn(ctx) }
		}
		_, err := weir.Call(ctx, g, call)
		return err
	},
}

func eachRunner(t *testing.T, test func(t *testing.T, do doFunc)) {
	for name, do := range runners {
		t.Run(name, func(t *testing.T) { test(t, do) })
	}
}

func TestWorkSettlesByItsError(t *testing.T) {
	eachRunner(t, func(t *testing.T, do doFunc) {
		for _, err := range []error{
			nil, io.EOF, context.Canceled, context.DeadlineExceeded, fmt.Errorf("inner: %w", weir.ErrRejected),
		} {
			var got []weir.Outcome
			require.Equal(t, err, do(context.Background(), last(&got), func(context.Context) error { return err }))
			require.Equal(t, []weir.Outcome{weir.Classify(err)}, got)
		}
	})
}

func TestCallReturnsTheValueBesideTheError(t *testing.T) {
	var got []weir.Outcome
	v, err := weir.Call(t.Context(), last(&got), func(context.Context) (string, error) { return "half", io.EOF })
	require.Equal(t, "half", v)
	require.Equal(t, io.EOF, err)
}

func TestRefusedWorkDoesNotStart(t *testing.T) {
	eachRunner(t, func(t *testing.T, do doFunc) {
		err := do(t.Context(), refusing{}, func(context.Context) error {
			t.Error("the work was started")
			return nil
		})
		require.Equal(t, errRefused, err)
	})
	v, err := weir.Call(t.Context(), refusing{}, func(context.Context) (int, error) { return 7, nil })
	require.Zero(t, v)
	require.Equal(t, errRefused, err)
}

func TestErrorOfADoneContextIsReturnedAsTheGuardSaidIt(t *testing.T) {
	guard := allow(func(ctx context.Context) (weir.Permit, error) { return weir.Permit{}, ctx.Err() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	eachRunner(t, func(t *testing.T, do doFunc) {
		err := do(ctx, guard, func(context.Context) error { t.Error("the work was started"); return nil })
		require.Equal(t, context.Canceled, err)
		require.NotErrorIs(t, err, weir.ErrRejected)
	})
}

func TestWorkAndGuardSeeTheCallersContext(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, 1)
	eachRunner(t, func(t *testing.T, do doFunc) {
		guard := allow(func(seen context.Context) (weir.Permit, error) {
			require.Equal(t, ctx, seen)
			return weir.Permit{}, nil
		})
		require.NoError(t, do(ctx, guard, func(seen context.Context) error {
			require.Equal(t, ctx, seen)
			return nil
		}))
	})
}

func TestHungWorkIsAFailureAndACancelledCallerIsNot(t *testing.T) {
	eachRunner(t, func(t *testing.T, do doFunc) {
		synctest.Test(t, func(t *testing.T) {
			hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
			var got []weir.Outcome
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.Equal(t, context.DeadlineExceeded, do(ctx, last(&got), hang))

			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			require.Equal(t, context.Canceled, do(ctx, last(&got), hang))
			require.Equal(t, []weir.Outcome{weir.Failure, weir.Ignored}, got)
		})
	})
}

var errBoom = errors.New("boom")

//go:noinline
func explode(context.Context) error { panic(errBoom) }

func TestPanicSettlesAsFailureAndGoesOnUntouched(t *testing.T) {
	eachRunner(t, func(t *testing.T, do doFunc) {
		var got []weir.Outcome
		var value any
		var stack string
		func() {
			defer func() { value, stack = recover(), string(debug.Stack()) }()
			_ = do(t.Context(), last(&got), explode)
		}()
		require.True(t, value == any(errBoom), "the very value that was thrown")
		require.Contains(t, stack, "weir_test.explode")
		require.Equal(t, 1, strings.Count(stack, "panic({"), "thrown once, never thrown again:\n%s", stack)
		require.Equal(t, []weir.Outcome{weir.Failure}, got)
	})
}

func TestGoexitSettlesAsFailureAndGoesOn(t *testing.T) {
	eachRunner(t, func(t *testing.T, do doFunc) {
		var got []weir.Outcome
		returned := false
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = do(context.Background(), last(&got), func(context.Context) error { runtime.Goexit(); return nil })
			returned = true
		}()
		<-ended
		require.False(t, returned)
		require.Equal(t, []weir.Outcome{weir.Failure}, got)
	})
}

func TestNilFuncPanicsBeforeTheGuardIsAsked(t *testing.T) {
	guard := allow(func(context.Context) (weir.Permit, error) {
		t.Error("the guard was asked")
		return weir.Permit{}, nil
	})
	require.PanicsWithValue(t, "weir: Do with a nil func", func() { _ = weir.Do(t.Context(), guard, nil) })
	require.PanicsWithValue(t, "weir: Call with a nil func", func() { _, _ = weir.Call[int](t.Context(), guard, nil) })
}

func TestNilGuardPanics(t *testing.T) {
	eachRunner(t, func(t *testing.T, do doFunc) {
		require.PanicsWithValue(t, "weir: nil Guard", func() {
			_ = do(t.Context(), nil, func(context.Context) error { return nil })
		})
	})
}

func TestPanickingGuardStartsNothing(t *testing.T) {
	guard := allow(func(context.Context) (weir.Permit, error) { panic(errBoom) })
	eachRunner(t, func(t *testing.T, do doFunc) {
		require.PanicsWithValue(t, errBoom, func() {
			_ = do(t.Context(), guard, func(context.Context) error { t.Error("the work was started"); return nil })
		})
	})
}
