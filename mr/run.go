package mr

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
	"github.com/weirgo/weir/internal/panics"
)

// A run is what becomes of one call of this package: what stopped it, and what
// the caller is told in the end.
type run struct {
	parent  context.Context // the caller's
	ctx     context.Context // of the user's functions; done once stopped
	cancel  context.CancelCauseFunc
	collect bool
	onPanic func(*weir.Panic)
	wake    func() // wakes whoever waits for anything but user code; may be nil

	unwatch  func() bool    // see watch; nil where there is nothing to watch
	watching sync.WaitGroup // held by the goroutine that acts on the caller's context

	stopped atomic.Bool // nothing is begun any more; set under mu
	// look is set with stopped, and when a worker of a slice has nothing to do. The
	// others look at it after each item, so that they need not look at both.
	look atomic.Bool

	mu       sync.Mutex // guards what follows, and never held while user code runs
	err      error      // what stopped the run
	failures []failure  // collected, in the order in which they occurred
	panicked *weir.Panic
	exited   bool // a function called runtime.Goexit
	closed   bool // the caller has been told, and learns of nothing more
}

type failure struct {
	item int
	err  error
}

func newRun(ctx context.Context, o Options) *run {
	r := &run{}
	r.init(ctx, o)
	return r
}

func (r *run) init(ctx context.Context, o Options) {
	r.parent, r.collect, r.onPanic = ctx, o.CollectErrors, o.OnPanic
	r.ctx, r.cancel = context.WithCancelCause(ctx)
}

// watch makes the run stop when the caller's context is done. Whoever calls it
// must call unwatched in the end.
func (r *run) watch() {
	if r.parent.Done() == nil {
		return
	}
	r.watching.Add(1)
	r.unwatch = context.AfterFunc(r.parent, func() {
		defer r.watching.Done()
		r.stop(ctxerr.Err(r.parent))
	})
}

// glance is how many cheap items are begun for one look at the caller's context.
const glance = 32

// over reports whether nothing may be begun any more. It asks the caller's context
// itself, for watch comes too late where nothing else is being scheduled. See
// glance.
func (r *run) over() bool {
	switch {
	case r.stopped.Load():
		return true
	case r.unwatch == nil || r.parent.Err() == nil:
		return false
	}
	r.stop(ctxerr.Err(r.parent))
	return true
}

// unwatched leaves no goroutine behind, and the context to its parent.
func (r *run) unwatched() {
	if r.unwatch != nil && !r.unwatch() {
		r.watching.Wait()
	}
	r.cancel(nil)
}

// stop ends the run with err, or with what was reached so far where that is nil. It
// returns false if something has stopped the run before.
func (r *run) stop(err error) bool {
	r.mu.Lock()
	first := !r.stopped.Load()
	if first {
		r.err = err
		r.stopped.Store(true)
		r.look.Store(true)
	}
	r.mu.Unlock()
	if !first {
		return false
	}
	r.cancel(err)
	if r.wake != nil {
		r.wake()
	}
	return true
}

// conclude is stop for a function that has the last word. The caller's context, if
// it is done, goes before it: a source may have ended for no other reason.
func (r *run) conclude(err error) bool {
	if done := ctxerr.Err(r.parent); done != nil {
		if !r.stop(done) {
			r.mu.Lock()
			r.err = done
			r.mu.Unlock()
		}
		return false
	}
	return r.stop(err)
}

// fail takes note of the error of an item. If the caller's context is done, that
// is why, whatever the error says.
func (r *run) fail(item int, err error) {
	switch done := ctxerr.Err(r.parent); {
	case done != nil:
		r.stop(done)
	case r.collect:
		r.mu.Lock()
		if !r.stopped.Load() { // later ones are consequences
			r.failures = append(r.failures, failure{item, err})
		}
		r.mu.Unlock()
	default:
		r.stop(err)
	}
}

// unfinished takes note of how a function ended that did not return: recovered is
// what recover gave to the deferred function that calls this, nil for Goexit.
func (r *run) unfinished(recovered any) {
	if recovered == nil {
		r.mu.Lock()
		r.exited = true
		r.mu.Unlock()
		r.stop(errExited)
		return
	}
	p := weir.CaughtPanic(recovered)
	r.mu.Lock()
	told := r.panicked == nil && !r.closed
	if told {
		r.panicked = p
	}
	r.mu.Unlock()
	r.stop(p)
	if !told {
		r.report(p)
	}
}

// errExited is what contexts tell as their cause. The caller never sees it, for
// its goroutine ends.
var errExited = errors.New("mr: a function called runtime.Goexit")

// raise does in the caller's goroutine what a function did in another one. It is
// for the end: what a source that was left behind does from now on, is reported.
func (r *run) raise() {
	r.mu.Lock()
	r.closed = true
	p, exited := r.panicked, r.exited
	r.mu.Unlock()
	switch {
	case p != nil:
		panic(p)
	case exited:
		runtime.Goexit()
	}
}

// verdict is the error that the caller is told, after raise.
func (r *run) verdict() error {
	if len(r.failures) == 0 {
		return r.err
	}
	slices.SortStableFunc(r.failures, func(a, b failure) int { return a.item - b.item })
	errs := make([]error, 0, len(r.failures)+1)
	if r.err != nil {
		errs = append(errs, r.err)
	}
	for _, f := range r.failures {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

const panicked = "mr: a panic that nobody waits for"

// report brings a panic to the hook or the log, and does not panic itself.
func (r *run) report(p *weir.Panic) {
	defer func() {
		if v := recover(); v != nil {
			panics.Log(panicked, p.Value, p.Stack)
			panics.Log("mr: panic in Options.OnPanic", v, nil)
		}
	}()
	if r.onPanic != nil {
		r.onPanic(p)
		return
	}
	panics.Log(panicked, p.Value, p.Stack)
}

func mustHave(given bool, what string) {
	if !given {
		panic(fmt.Sprintf("mr: %s is nil", what))
	}
}
