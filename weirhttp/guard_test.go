package weirhttp_test

import (
	"context"
	"sync"
	"time"

	"github.com/weirgo/weir"
)

var errFull = weir.NewRejection("test: full")

// guard admits everything, or refuses everything with err, and remembers the
// outcomes in order.
type guard struct {
	err        error
	retryAfter time.Duration

	mu       sync.Mutex
	outcomes []weir.Outcome // guarded by mu
	asked    int            // guarded by mu
}

func (g *guard) Allow(ctx context.Context) (weir.Permit, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	if err := ctx.Err(); err != nil {
		return weir.Permit{}, err
	}
	if g.err != nil {
		return weir.Permit{}, g.err
	}
	return weir.PermitFunc(func(o weir.Outcome) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.outcomes = append(g.outcomes, o)
	}), nil
}

func (g *guard) RetryAfter() time.Duration { return g.retryAfter }

func (g *guard) seen() []weir.Outcome {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]weir.Outcome{}, g.outcomes...)
}

func (g *guard) timesAsked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}
