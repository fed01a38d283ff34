package threading

import (
	"context"
	"errors"
	"sync"

	"github.com/weirgo/weir/internal/ctxerr"
)

// A WorkerGroup runs one job on several goroutines, for as long as the service
// lives, and starts it again when it fails if that is asked for.
//
// It is made by [NewWorkerGroup]; the zero value does not work. It must not be
// copied. All methods are safe for concurrent use. It is started once; from then
// on it has Workers goroutines, which end with their jobs: by themselves, as the
// context of Start ends, or by Close.
//
// A job that fails does not end the others. A panic is counted and reported at
// once, since it may be long before anybody waits.
type WorkerGroup struct {
	opts WorkerOptions

	mu      sync.Mutex // guards what follows, and never held while user code runs
	cancel  context.CancelCauseFunc
	closed  bool
	live    int                 // workers that have not ended for good
	members map[uint64]struct{} // them, by goroutine, to know a job that waits
	waiting int                 // of them in Wait or Close
	round   uint                // grows whenever all that live wait: then all of those are let go
	changed chan struct{}       // closed when live or waiting changes; nil if nobody waits
	errs    []error             // of those that have ended for good
	counts  workerCounts
}

// NewWorkerGroup returns a group that is yet to be started. It panics if o is
// impossible; see Validate.
func NewWorkerGroup(o WorkerOptions) *WorkerGroup {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	return &WorkerGroup{opts: o.withDefaults(), members: map[uint64]struct{}{}}
}

// Start starts the workers. Jobs get a context made of ctx, which has its values
// and ends with it; so, unlike elsewhere, ctx lives on after the call. It returns
// [ErrStarted] the second time, [ErrClosed] after Close, or the error of ctx if
// that is done.
func (g *WorkerGroup) Start(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	jobs, cancel := context.WithCancelCause(ctx)
	if err := g.begin(cancel); err != nil {
		cancel(nil)
		return err
	}
	for range g.opts.Workers {
		go g.work(jobs, 0, nil)
	}
	return nil
}

func (g *WorkerGroup) begin(cancel context.CancelCauseFunc) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return ErrClosed
	case g.cancel != nil:
		return ErrStarted
	}
	g.cancel = cancel
	g.live = g.opts.Workers
	return nil
}

// Wait returns when all workers have ended for good, with the errors of those whose
// last job failed, joined: what it returned, a [*weir.Panic], or [ErrGoexit]. That a
// job returns the error of its own context when that has ended is no failure. Or it
// returns the error of ctx once that is done. Before Start, it waits for that as well.
//
// A job may call it, and then waits for the workers that do not wait themselves.
func (g *WorkerGroup) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	errs, over := g.wait(ctx)
	if !over {
		return ctxerr.Err(ctx) // without the lock: a context may be user code
	}
	return errors.Join(errs...)
}

// wait returns the errors once the wait is over, or false if ctx was first.
func (g *WorkerGroup) wait(ctx context.Context) (errs []error, ok bool) {
	me := goroutine()
	g.mu.Lock()
	defer g.mu.Unlock()
	over := func() bool { return g.live == 0 && (g.closed || g.cancel != nil) }
	if _, inside := g.members[me]; inside {
		g.waiting++
		defer func() { g.waiting-- }()
		round := g.round
		g.roundLocked()
		over = func() bool { return g.round != round }
	}
	for !over() {
		if !g.sleepLocked(ctx) {
			return nil, false
		}
	}
	return g.errs, true
}

// roundLocked lets go all jobs that wait, where no other worker lives.
func (g *WorkerGroup) roundLocked() {
	if g.waiting > 0 && g.live == g.waiting {
		g.round++
		g.changedLocked()
	}
}

// Close ends the context of the jobs, with [ErrClosed] as the cause, and then is
// Wait. A job that has not begun by then does not begin. Closing several
// times, also at once, is no harm. A group that was not started cannot be started
// any more.
func (g *WorkerGroup) Close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	cancel := g.cancel
	g.changedLocked()
	g.mu.Unlock()
	if cancel != nil {
		cancel(ErrClosed)
	}
	return g.Wait(ctx)
}

// sleepLocked releases the lock until something has changed, and reports whether
// it was that rather than the end of ctx.
func (g *WorkerGroup) sleepLocked(ctx context.Context) bool {
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	changed := g.changed
	g.mu.Unlock()
	defer g.mu.Lock()
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g *WorkerGroup) changedLocked() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}
