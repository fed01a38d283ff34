package executors

import (
	"context"

	"github.com/weirgo/weir/internal/ctxerr"
)

// queueUp waits until there is room for weight w. Then the caller has been granted
// it, closed or not, and must use it or give it back.
func (e *engine[T, B]) queueUp(ctx context.Context, w int) error {
	var done <-chan struct{}
	waits := !e.failFast && !e.isInside(ctx)
	if waits {
		done = ctx.Done()
	}
	e.mu.Lock()
	if e.closed || e.hasRoomLocked(w) || !waits {
		err := e.decideLocked(w)
		hired := e.hireLocked()
		e.mu.Unlock()
		if hired {
			go e.work(nil)
		}
		return err
	}
	me := &waiter{weight: w}
	e.room.joinLocked(me)
	hired := e.hireLocked()
	e.mu.Unlock()
	if hired {
		go e.work(nil)
	}

	select {
	case <-me.ready:
		return me.err
	case <-done:
	}
	e.mu.Lock()
	settled := me.settled // at that very moment
	if !settled {
		e.room.removeLocked(me)
		e.admitLocked() // what was behind it may be smaller
	}
	e.mu.Unlock()
	if settled {
		return me.err
	}
	return ctxerr.Err(ctx)
}

// decideLocked answers at once.
func (e *engine[T, B]) decideLocked(w int) error {
	switch {
	case e.closed:
		return ErrClosed
	case e.hasRoomLocked(w):
		e.grantLocked(w)
		return nil
	}
	e.ripe = e.count > 0 // it cannot grow, so why should it wait
	e.counts.refused++
	return ErrFull
}

func (e *engine[T, B]) grantLocked(w int) {
	e.pending += w
	e.granted++
}

// admitLocked grants room to those in line, as far as there is some. It is called
// wherever room may have come.
func (e *engine[T, B]) admitLocked() {
	for w := e.room.first; w != nil && e.fitsLocked(w.weight); w = e.room.first {
		e.room.removeLocked(w)
		e.grantLocked(w.weight)
		w.settleLocked(nil)
	}
}

// giveBack returns room that was granted and is not used.
func (e *engine[T, B]) giveBack(w int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.granted--
	e.pending -= w
	e.admitLocked()
	e.settleWaitsLocked()
}
