package weirgrpc_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

var errFull = weir.NewRejection("test: full")

// guard admits everything, or refuses everything with err, and tells the outcomes in
// the order in which they come.
type guard struct {
	err        error
	retryAfter time.Duration

	asked    atomic.Int64
	inFlight *limit.Concurrency
	outcomes chan weir.Outcome
}

// newGuard returns one that admits. When the test ends, all its permits must be back.
// Make it before the server, so that this is looked at after the server has stopped.
func newGuard(t testing.TB) *guard {
	g := &guard{
		inFlight: limit.NewConcurrency(limit.ConcurrencyOptions{Max: 4096}),
		outcomes: make(chan weir.Outcome, 4096),
	}
	t.Cleanup(func() {
		require.Zero(t, g.inFlight.Stats().InFlight, "permits are still out")
		require.Empty(t, g.outcomes, "an outcome that nobody expected")
	})
	return g
}

// refusing returns one that refuses.
func refusing(t testing.TB, err error) *guard {
	g := newGuard(t)
	g.err = err
	return g
}

func (g *guard) Allow(ctx context.Context) (weir.Permit, error) {
	g.asked.Add(1)
	if g.err != nil {
		return weir.Permit{}, g.err
	}
	p, err := g.inFlight.Allow(ctx)
	if err != nil {
		return weir.Permit{}, err
	}
	return weir.PermitFunc(func(o weir.Outcome) {
		p.Done(o)
		g.outcomes <- o
	}), nil
}

func (g *guard) RetryAfter() time.Duration { return g.retryAfter }

// next waits for the next outcome.
func (g *guard) next() weir.Outcome { return <-g.outcomes }

// guardFunc is a guard made of a func.
type guardFunc func(context.Context) (weir.Permit, error)

func (f guardFunc) Allow(ctx context.Context) (weir.Permit, error) { return f(ctx) }

// open admits everything, at no cost.
var open = guardFunc(func(context.Context) (weir.Permit, error) { return weir.Permit{}, nil })
