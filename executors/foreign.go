package executors

import (
	"context"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// addForeign is the path of boxes that are the user's: they are called without the
// lock, and by whoever has the turn.
func (e *engine[T, B]) addForeign(ctx context.Context, v T) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	if err := e.queueUpFor(ctx, 1); err != nil {
		return err
	}
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		e.giveBack(1)
		return ctxerr.Err(ctx)
	}
	defer func() { <-e.turn }()
	if e.putForeign(v) {
		e.take()
	}
	e.mu.Lock()
	hired := e.hireLocked()
	e.mu.Unlock()
	if hired {
		go e.work(nil)
	}
	return nil
}

// queueUpFor waits for room if there is none. It ends with room granted.
func (e *engine[T, B]) queueUpFor(ctx context.Context, w int) error {
	e.mu.Lock()
	if !e.closed && e.hasRoomLocked(w) {
		e.grantLocked(w)
		e.mu.Unlock()
		return nil
	}
	e.mu.Unlock()
	return e.queueUp(ctx, w)
}

// putForeign uses the room that was granted, and the turn. If the box panics, that is
// its caller's, and the item is not accepted.
func (e *engine[T, B]) putForeign(v T) (full bool) {
	accepted := false
	defer func() {
		if !accepted {
			e.giveBack(1)
		}
	}()
	full = e.box.put(v)
	accepted = true
	e.mu.Lock()
	e.granted--
	e.gainedLocked(1)
	e.mu.Unlock()
	return full
}

// takeForeign makes a batch of what is in the box, unless somebody else just did.
func (e *engine[T, B]) takeForeign() {
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	e.mu.Lock()
	due := e.isDueLocked()
	e.mu.Unlock()
	if due {
		e.take()
	}
}

// take has the box of the user's make a batch. The caller has the turn. What goes
// wrong there is told like a failure of the handler, without the items: nobody has
// them.
func (e *engine[T, B]) take() {
	var batch, none B
	err := ErrGoexit
	defer func() {
		if v := recover(); v != nil {
			err = weir.CaughtPanic(v)
		}
		e.mu.Lock()
		j := e.newJobLocked()
		j.batch, j.err = batch, err
		e.enqueueLocked(j)
		hired := e.hireLocked()
		e.mu.Unlock()
		if hired {
			go e.work(nil)
		}
	}()
	batch = e.box.take(none)
	err = nil
}
