package threading

import (
	"context"

	"github.com/weirgo/weir/internal/ctxerr"
)

// Wait returns at a moment at which no task runs or waits to run, at once if that
// is now, or with the error of ctx once that is done. Tasks of callers that still
// wait in Schedule do not count. It may be called any number of times, by anybody.
//
// A task that calls Wait waits for all tasks but those that wait as well, itself
// included. Meanwhile another task may have its place. If ctx ends the wait before
// that one is over, both run: one more than Workers.
func (r *TaskRunner) Wait(ctx context.Context) error {
	return r.waitAs(ctx, &waiter{})
}

// Close refuses further tasks, also those that wait in Schedule, and waits until
// those accepted before are done and no worker is left. Once ctx is done, it
// drops the tasks that have not begun (see [TaskStats]) and returns the error of
// ctx; with a ctx that is done already, it does so at once. Tasks that run go on.
//
// Closing several times, also at once, is no harm: each call waits. A task may
// call it; it then waits for all others, as with Wait.
func (r *TaskRunner) Close(ctx context.Context) error {
	r.shut()
	err := r.waitAs(ctx, &waiter{closing: true})
	if err != nil {
		r.drop()
	}
	return err
}

// shut turns everybody away.
func (r *TaskRunner) shut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for w := r.room.first; w != nil; w = r.room.first {
		r.leaveRoomLocked(w)
		w.settleLocked(ErrClosed)
	}
}

// drop forgets the tasks that have not begun.
func (r *TaskRunner) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.dropped += uint64(r.tasks.clear())
	r.settleIdleLocked()
}

func (r *TaskRunner) waitAs(ctx context.Context, w *waiter) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	me := goroutine()
	r.mu.Lock()
	_, w.inside = r.crew.members[me]
	r.idle.joinLocked(w)
	hired := false
	if w.inside {
		r.crew.lent++
		r.admitLocked()
		hired = r.hireLocked()
	}
	r.settleIdleLocked()
	r.mu.Unlock()
	if hired {
		go r.work()
	}

	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	r.mu.Lock()
	settled := w.settled
	if !settled {
		r.leaveIdleLocked(w)
	}
	r.mu.Unlock()
	if settled {
		return nil
	}
	return ctxerr.Err(ctx)
}

// settleIdleLocked lets go those whose wait is over. Of tasks that wait, it lets
// go only as many as there may be workers, since they all run from then on: the
// others then wait for those.
func (r *TaskRunner) settleIdleLocked() {
	if r.idle.first == nil || r.tasks.len > 0 {
		return
	}
	lent, places := r.crew.lent, r.opts.Workers
	for w := r.idle.first; w != nil; {
		next := w.next
		if r.quietLocked(w, lent) && (!w.inside || places > 0) {
			if w.inside {
				places--
			}
			r.leaveIdleLocked(w)
			w.settleLocked(nil)
		}
		w = next
	}
}

// quietLocked reports whether w may stop waiting, if lent tasks wait as well.
func (r *TaskRunner) quietLocked(w *waiter, lent int) bool {
	others := r.crew.running
	if w.closing {
		others = r.crew.busy
	}
	if w.inside {
		others -= lent
	}
	return others == 0
}

func (r *TaskRunner) leaveIdleLocked(w *waiter) {
	r.idle.removeLocked(w)
	if w.inside {
		r.crew.lent--
	}
}
