package executors

import (
	"context"

	"github.com/weirgo/weir/internal/ctxerr"
)

func (e *engine[T, B]) flush(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	if e.isSettled() {
		return nil // as nothing is inside
	}
	if e.isInside(ctx) {
		return ErrInHandler
	}
	done := ctx.Done()
	e.mu.Lock()
	w := &waiter{purpose: flushing, target: e.seq}
	if e.count > 0 {
		w.target++
		e.ripe = true
	}
	if e.waitAndUnlock(done, w) {
		return nil
	}
	return ctxerr.Err(ctx)
}

// isSettled reports whether every item is settled whose Add has returned.
func (e *engine[T, B]) isSettled() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count == 0 && e.oldestLocked() == e.seq
}

func (e *engine[T, B]) close(ctx context.Context) error {
	inside := e.isInside(ctx)
	done := ctx.Done()
	e.mu.Lock()
	e.shutLocked()
	if inside {
		hired := e.hireLocked()
		e.mu.Unlock()
		if hired {
			go e.work(nil)
		}
		if ctx.Err() != nil {
			e.giveUp(ctxerr.Err(ctx))
		}
		return ErrInHandler
	}
	if e.waitAndUnlock(done, &waiter{purpose: closing}) {
		return nil
	}
	return e.leave(ctxerr.Err(ctx))
}

// shutLocked turns everybody away, and makes what is in the box due.
func (e *engine[T, B]) shutLocked() {
	e.closed = true
	e.restLocked()
	if e.timer != nil {
		e.timer.Stop()
	}
	for w := e.room.first; w != nil; w = e.room.first {
		e.room.removeLocked(w)
		w.settleLocked(ErrClosed)
	}
}

// giveUp has OnError get all that Handle has not begun, or fails at from now on.
func (e *engine[T, B]) giveUp(cause error) {
	e.mu.Lock()
	if e.leftover == nil {
		e.leftover = &leftoverError{cause}
	}
	hired := e.hireLocked() // those there are may all hang
	e.mu.Unlock()
	e.cancel(cause)
	if hired {
		go e.work(nil)
	}
}

// leave gives up, and waits until OnError knows of all but what Handle still has.
func (e *engine[T, B]) leave(cause error) error {
	e.mu.Lock()
	before := e.counts.failed
	e.mu.Unlock()
	e.giveUp(cause)
	e.mu.Lock()
	e.waitAndUnlock(nil, &waiter{purpose: leaving})

	e.mu.Lock()
	defer e.mu.Unlock()
	u := &UnsettledError{
		Running: e.counts.pending(),
		GivenUp: int(e.counts.failed - before),
		Err:     cause,
	}
	if u.Running == 0 && u.GivenUp == 0 {
		return nil
	}
	return u
}

// A leftoverError is why OnError was given a batch that Handle was not.
type leftoverError struct{ cause error }

func (e *leftoverError) Error() string {
	return ErrClosed.Error() + " before the batch was begun: " + e.cause.Error()
}
func (e *leftoverError) Unwrap() []error { return []error{ErrClosed, e.cause} }

// waitAndUnlock waits until what w is for has come, or until done is closed. It
// reports whether it has come.
func (e *engine[T, B]) waitAndUnlock(done <-chan struct{}, w *waiter) bool {
	e.waits.joinLocked(w)
	e.settleWaitsLocked()
	hired := e.hireLocked()
	e.mu.Unlock()
	if hired {
		go e.work(nil)
	}
	select {
	case <-w.ready:
		return true
	case <-done:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !w.settled {
		e.waits.removeLocked(w)
	}
	return w.settled
}

// settleWaitsLocked lets those go whose wait is over.
func (e *engine[T, B]) settleWaitsLocked() {
	for w := e.waits.first; w != nil; {
		next := w.next
		if e.hasComeLocked(w) {
			e.waits.removeLocked(w)
			w.settleLocked(nil)
		}
		w = next
	}
}

func (e *engine[T, B]) hasComeLocked(w *waiter) bool {
	switch w.purpose {
	case flushing:
		return e.oldestLocked() >= w.target
	case leaving:
		return e.count+e.granted == 0 && e.queue.first == nil && e.handling == e.running.len
	default:
		return e.isEmptyLocked() && e.busy == 0
	}
}

// oldestLocked returns the number of the first batch that is not settled.
func (e *engine[T, B]) oldestLocked() uint64 {
	switch {
	case e.running.first != nil:
		return e.running.first.seq
	case e.queue.first != nil:
		return e.queue.first.seq
	}
	return e.seq
}

func (e *engine[T, B]) isEmptyLocked() bool {
	return e.count == 0 && e.queue.first == nil && e.running.first == nil && e.granted == 0
}
