package ctxerr_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/ctxerr"
)

type causeOf struct{ host string }

func (c causeOf) Error() string { return c.host + " is going away" }

func TestLivingContextHasNoError(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	require.NoError(t, ctxerr.Err(ctx))
}

func TestPlainErrorsAreReturnedThemselves(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.True(t, ctxerr.Err(ctx) == context.Canceled)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = ctxerr.Err(ctx) }))

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		require.True(t, ctxerr.Err(ctx) == context.DeadlineExceeded)
	})
}

func TestCauseIsKeptBesideTheError(t *testing.T) {
	parent, cancel := context.WithCancelCause(context.Background())
	cancel(causeOf{"db1"})
	child, stop := context.WithCancel(parent)
	defer stop()
	for _, ctx := range []context.Context{parent, child} {
		err := ctxerr.Err(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "context canceled: db1 is going away")
		var cause causeOf
		require.True(t, errors.As(err, &cause))
		require.Equal(t, "db1", cause.host)
	}
}

func TestPassedDeadlineKeepsItsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, causeOf{"db2"})
		defer cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		err := ctxerr.Err(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, causeOf{"db2"})
	})
}

// done is a context of another make: it is done without telling anyone why.
type done struct{ context.Context }

func (done) Err() error { return context.Canceled }

func TestContextOfAnotherMakeHasNoCause(t *testing.T) {
	parent, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	require.True(t, ctxerr.Err(done{parent}) == context.Canceled)
}

type uncomparable []error

func (uncomparable) Error() string { return "several things" }

func TestUncomparableCauseIsNoPanic(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(uncomparable{errors.New("a")})
	require.EqualError(t, ctxerr.Err(ctx), "context canceled: several things")
}
