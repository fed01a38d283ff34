package threading

import (
	"runtime"

	"github.com/weirgo/weir"
)

// A crew is the workers of a [TaskRunner], whose lock guards it. One worker at
// most is on its way to look for work. When it takes a task and sees more, it
// first sends for the next one: so nothing waits for a slow task while there may
// be more workers, and one worker does for a thousand short tasks.
type crew struct {
	busy    int  // workers, from before they start until they have ended
	coming  bool // one of them is about to look for work
	running int  // of them in a task
	lent    int  // of those in a task that waits for all others; its place is free
	stuck   int  // of those in a task that waits for room for another
	// members are the workers by goroutine, to know a task that waits.
	members map[uint64]struct{}
}

// stuckWithOneMore reports whether nobody would be left to take a task if one more
// task waited for room.
func (c *crew) stuckWithOneMore(workers int) bool {
	return c.running-c.lent >= workers && c.stuck+1 >= workers
}

// hireLocked reports whether the caller must start a worker, once it has released
// the lock.
func (r *TaskRunner) hireLocked() bool {
	c := &r.crew
	if r.tasks.len == 0 || c.coming || c.busy-c.lent >= r.opts.Workers {
		return false
	}
	c.busy++
	c.coming = true
	return true
}

// A worker is one goroutine of a runner.
type worker struct {
	r      *TaskRunner
	id     uint64
	inside bool // in a task, or just out of it and not yet noted
}

func (r *TaskRunner) work() {
	w := worker{r: r, id: goroutine()}
	w.join()
	defer w.leave()
	for w.serve() {
	}
}

func (w *worker) join() {
	r := w.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.crew.coming = false
	if r.crew.members == nil {
		r.crew.members = map[uint64]struct{}{}
	}
	r.crew.members[w.id] = struct{}{}
}

// leave is also where a task that calls Goexit ends.
func (w *worker) leave() {
	r := w.r
	r.mu.Lock()
	w.doneLocked()
	delete(r.crew.members, w.id)
	r.crew.busy--
	if r.crew.busy == 0 {
		r.tasks.trim()
	}
	r.settleIdleLocked()
	hired := r.hireLocked()
	r.mu.Unlock()
	if hired {
		go r.work()
	}
}

// serve runs tasks until none is left, or one panics: then there may be more. It
// recovers once for many tasks, which makes the short ones cheaper.
func (w *worker) serve() (more bool) {
	defer func() {
		if v := recover(); v != nil {
			w.r.caught(weir.CaughtPanic(v))
			more = true
		}
	}()
	for task := w.next(); task != nil; task = w.next() {
		task()
	}
	return false
}

// lingering is how often a worker that finds nothing lets others run and looks
// again before it ends.
const lingering = 4

// next notes that the last task is over and takes another one, nil if there is
// none.
func (w *worker) next() func() {
	r := w.r
	r.mu.Lock()
	w.doneLocked()
	for looks := 0; r.tasks.len == 0 || r.crew.running-r.crew.lent >= r.opts.Workers; looks++ {
		// With tasks there, all places are taken: by one that was lent and is back.
		// Whoever is the first to give his up goes on with them.
		if looks == lingering || r.closed || r.crew.coming || r.tasks.len > 0 {
			r.mu.Unlock()
			return nil
		}
		r.crew.coming = true
		r.mu.Unlock()
		runtime.Gosched()
		r.mu.Lock()
		r.crew.coming = false
	}
	task := r.tasks.pop()
	w.inside = true
	r.crew.running++
	hired := r.hireLocked()
	r.mu.Unlock()
	if hired {
		go r.work()
	}
	return task
}

// doneLocked takes the worker's task, if there was one, off the books.
func (w *worker) doneLocked() {
	if !w.inside {
		return
	}
	w.inside = false
	w.r.crew.running--
	w.r.counts.done++
	w.r.admitLocked()
	w.r.settleIdleLocked()
}

func (r *TaskRunner) caught(p *weir.Panic) {
	r.mu.Lock()
	r.counts.panicked++
	r.mu.Unlock()
	report(r.opts.OnPanic, "threading: panic in a task", p)
}
