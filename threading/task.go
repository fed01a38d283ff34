package threading

import (
	"context"
	"runtime"
	"sync"

	"github.com/weirgo/weir/internal/ctxerr"
)

// A TaskRunner runs tasks on at most Workers goroutines at a time, and lets a
// bounded number of further ones wait. Tasks begin in the order in which they
// were accepted.
//
// It is made by [NewTaskRunner]; the zero value does not work. It must not be
// copied. All methods are safe for concurrent use, and a task may call them. A
// worker starts when there is work for one more, goes from task to task, and ends
// when none is left: at rest there is no goroutine, and a runner that is no longer
// used need not be closed.
//
// A task that panics costs nobody else anything: the panic is reported and counted
// and the worker goes on. One that calls [runtime.Goexit] ends its worker, and
// another one takes over.
//
// Scheduling a task and running it take one short lock each, and allocate nothing
// but now and then a worker. Workers that find nothing look again a few times
// before they end, so that a steady stream of short tasks starts few of them. It
// is one lock for all: from some million tasks a second on, put several small
// things into one task. For one function over the items of a slice there is
// package mr.
type TaskRunner struct {
	opts TaskOptions

	mu    sync.Mutex // guards what follows, and never held while user code runs
	tasks ring       // accepted, and not begun
	crew  crew
	room  line // those in Schedule, each with its task; empty while there is room
	idle  line // those in Wait and Close
	// closed makes lingering workers end, too.
	closed bool
	counts counts
}

// NewTaskRunner returns an idle runner. It panics if o is impossible; see
// Validate.
func NewTaskRunner(o TaskOptions) *TaskRunner {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	return &TaskRunner{opts: o.withDefaults()}
}

// patience is how often Schedule looks for room before it gets in line. Where
// tasks are short there is some soon, and to sleep until then costs more.
const patience = 10

// Schedule has task run by a worker. While as many as may wait do wait, it waits
// for room, first come, first served. It returns the error of ctx once that is
// done, or [ErrClosed]; then task never runs. ctx is for the waiting only: the
// task does not get it. It panics if task is nil.
//
// A task that schedules others with its own runner holds a worker while it waits
// for room. Where that leaves no worker to make room it gets [ErrDeadlock], and
// may do the work itself.
func (r *TaskRunner) Schedule(ctx context.Context, task func()) error {
	mustCall(task != nil)
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	for range patience {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return ErrClosed
		}
		if r.hasRoomLocked() {
			r.acceptAndUnlock(task)
			return nil
		}
		r.mu.Unlock()
		runtime.Gosched()
	}
	return r.queueUp(ctx, task)
}

// TrySchedule has task run by a worker if it can be accepted at once: there is
// room and the runner is not closed. It panics if task is nil.
func (r *TaskRunner) TrySchedule(task func()) bool {
	mustCall(task != nil)
	r.mu.Lock()
	if r.closed || !r.hasRoomLocked() {
		r.counts.refused++
		r.mu.Unlock()
		return false
	}
	r.acceptAndUnlock(task)
	return true
}

// acceptAndUnlock takes the task for which there is room, and sees to it that
// somebody comes to run it.
func (r *TaskRunner) acceptAndUnlock(task func()) {
	r.acceptLocked(task)
	hired := r.hireLocked()
	r.mu.Unlock()
	if hired {
		go r.work()
	}
}

// hasRoomLocked reports whether one more task can wait, or have a free worker.
func (r *TaskRunner) hasRoomLocked() bool {
	return r.tasks.len < r.opts.Queue+r.opts.Workers-(r.crew.running-r.crew.lent)
}

func (r *TaskRunner) acceptLocked(task func()) {
	r.tasks.push(task)
	r.counts.accepted++
}

// queueUp waits until there is room for task.
func (r *TaskRunner) queueUp(ctx context.Context, task func()) error {
	me := goroutine()
	r.mu.Lock()
	_, inside := r.crew.members[me]
	switch {
	case r.closed:
		r.mu.Unlock()
		return ErrClosed
	case r.hasRoomLocked(): // it has come just now
		r.acceptAndUnlock(task)
		return nil
	case inside && r.crew.stuckWithOneMore(r.opts.Workers):
		r.mu.Unlock()
		return ErrDeadlock
	}
	w := &waiter{task: task, inside: inside}
	r.room.joinLocked(w)
	if inside {
		r.crew.stuck++
	}
	r.mu.Unlock()

	select {
	case <-w.ready:
		return w.err
	case <-ctx.Done():
	}
	r.mu.Lock()
	settled := w.settled // accepted at that very moment; it may run already
	if !settled {
		r.leaveRoomLocked(w)
	}
	r.mu.Unlock()
	if settled {
		return w.err
	}
	return ctxerr.Err(ctx)
}

// admitLocked accepts the tasks of those in line, as far as there is room. It is
// called wherever room may have come.
func (r *TaskRunner) admitLocked() {
	for w := r.room.first; w != nil && r.hasRoomLocked(); w = r.room.first {
		r.leaveRoomLocked(w)
		r.acceptLocked(w.task)
		w.settleLocked(nil)
	}
}

func (r *TaskRunner) leaveRoomLocked(w *waiter) {
	r.room.removeLocked(w)
	if w.inside {
		r.crew.stuck--
	}
}
