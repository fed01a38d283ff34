package mr

import (
	"sync"
	"unsafe"
)

// How many results of a worker wait for the reducer before the mapper has to: so
// many, or fewer if they are large.
const (
	maxPending      = 128
	maxPendingBytes = 16 << 10
)

// pending is how many results of such a size may wait.
func pending[U any]() int {
	var u U
	if size := int(unsafe.Sizeof(u)); size > 0 {
		return max(1, min(maxPending, maxPendingBytes/size))
	}
	return maxPending
}

// An outlet is where the results of all workers come out. Each worker puts them
// into a box of its own; one that was empty is announced, and the reducer takes all
// that is in it. So the more there is to do, the less it costs.
type outlet[U any] struct {
	run   *run
	limit int

	// Of the reducer's goroutine.
	batch []U     // what was taken from a box
	at    int     // the next of batch
	turn  *box[U] // the next to be emptied, and all that follow it

	mu          sync.Mutex // guards what follows
	first, last *box[U]    // those that were announced since, linked by follower
	ready       sync.Cond  // the reducer waits here
	over        bool       // no box will be announced any more
}

func newOutlet[U any](r *run) *outlet[U] {
	o := &outlet[U]{run: r, limit: pending[U]()}
	o.ready.L = &o.mu
	return o
}

// all is what the reducer ranges over. It ends early if the run is stopped.
func (o *outlet[U]) all(yield func(U) bool) {
	for !o.run.stopped.Load() && (o.at < len(o.batch) || o.refill()) {
		v := o.batch[o.at]
		o.at++
		if !yield(v) {
			return
		}
	}
}

// refill takes what is in the box whose turn it is.
func (o *outlet[U]) refill() bool {
	// Before it waits: what the reducer has got is garbage from now on.
	clear(o.batch)
	o.batch, o.at = o.batch[:0], 0
	if o.turn == nil && !o.await() {
		return false
	}
	b := o.turn
	o.turn = b.follower
	// From now on the box may be announced again.
	o.batch = b.swap(o.batch)
	return true
}

// await waits for boxes that were announced.
func (o *outlet[U]) await() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.first == nil {
		if o.over || o.run.stopped.Load() {
			return false
		}
		o.ready.Wait()
	}
	o.turn, o.first, o.last = o.first, nil, nil
	return true
}

// announce is called when something was put into b that was empty.
func (o *outlet[U]) announce(b *box[U]) {
	o.mu.Lock()
	b.follower = nil
	if o.first == nil {
		o.first = b
	} else {
		o.last.follower = b
	}
	o.last = b
	o.ready.Signal()
	o.mu.Unlock()
}

// close ends what the reducer ranges over, once it has got all.
func (o *outlet[U]) close() {
	o.mu.Lock()
	o.over = true
	o.ready.Signal()
	o.mu.Unlock()
}

// wake makes the reducer look at what has changed.
func (o *outlet[U]) wake() {
	o.mu.Lock()
	o.ready.Broadcast()
	o.mu.Unlock()
}
