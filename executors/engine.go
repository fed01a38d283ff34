package executors

import (
	"context"
	"sync"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// An engine gathers items in a box and has workers handle what gathered there, batch
// by batch. All executors that have batches are one, with a box of their own.
//
// A batch is full when its weight reaches the limit: then whoever added the last item
// closes it, and it queues for a worker. A batch that is due before that, because it
// is old enough or somebody waits for it, stays in the box, and may grow, until a
// worker is free to take it.
type engine[T, B any] struct {
	settings
	handle  func(context.Context, B) error
	onError func(B, error) // may be nil

	box box[T, B]
	// turn is held by whoever calls the box where that is the user's, as no lock
	// may be held meanwhile. It is nil where the box is ours: then mu guards it.
	turn   chan struct{}
	epoch  time.Time
	ctx    context.Context // of the handlers; done once what is left is given up
	cancel context.CancelCauseFunc

	mu     sync.Mutex // guards what follows, and never held while user code runs
	count  int        // items in the box
	weight int        // of these
	ripe   bool       // the box is due
	// pending is the weight of what was accepted, or granted, and is not settled.
	pending int
	granted int // callers that were given room and have not used it
	closed  bool
	// leftover, once what is left is given up, is why batches are not begun any more.
	leftover error

	queue    jobs[B] // closed, for a worker to take
	running  jobs[B] // with a worker, in the order of seq like the queue
	handling int     // of these, the ones that Handle has
	seq      uint64  // of the batch in the box
	spares   *job[B] // settled, and to be used again

	busy    int                 // workers, from before they start until they end
	members map[uint64]struct{} // them, by goroutine

	timer *time.Timer
	armed bool
	due   time.Duration // since epoch: when the items in the box have waited long enough

	room   line // callers in Add
	waits  line // callers in Flush and Close
	counts counts
}

func newEngine[T, B any](
	s settings, b box[T, B], handle func(context.Context, B) error, onError func(B, error),
) *engine[T, B] {
	e := &engine[T, B]{settings: s, handle: handle, onError: onError, box: b, epoch: time.Now()}
	ctx, cancel := context.WithCancelCause(context.Background())
	e.ctx, e.cancel = &inside{ctx, e}, cancel
	return e
}

// add puts v, of weight w, into the box as soon as there is room. It is the path of
// boxes that are ours.
func (e *engine[T, B]) add(ctx context.Context, v T, w int) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	e.mu.Lock()
	if !e.closed && e.hasRoomLocked(w) {
		e.pending += w
	} else {
		e.mu.Unlock()
		if err := e.queueUp(ctx, w); err != nil {
			return err
		}
		e.mu.Lock()
		e.granted--
	}
	if e.count > 0 && w > e.limit-e.weight {
		e.closeBatchLocked()
	}
	e.box.put(v)
	e.gainedLocked(w)
	if e.weight >= e.limit {
		e.closeBatchLocked()
	}
	hired := e.hireLocked()
	e.mu.Unlock()
	if hired {
		go e.work(nil)
	}
	return nil
}

// another counts one more item without weight that need not be put into the box, as one
// is there. It reports whether that is so.
func (e *engine[T, B]) another() bool {
	e.mu.Lock()
	is := e.count > 0 && !e.closed
	if is {
		e.count++
		e.counts.accepted++
	}
	e.mu.Unlock()
	return is
}

// hasRoomLocked reports whether weight w may be added now. What is heavier than all
// that may be pending comes alone. Nobody overtakes those who wait.
func (e *engine[T, B]) hasRoomLocked(w int) bool {
	return e.room.first == nil && e.fitsLocked(w)
}

func (e *engine[T, B]) fitsLocked(w int) bool {
	return w <= e.maxPending-e.pending || e.pending == 0
}

// gainedLocked notes that there is one item more in the box.
func (e *engine[T, B]) gainedLocked(w int) {
	e.counts.accepted++
	e.weight += w
	e.count++
	if e.count == 1 && e.interval >= 0 && e.weight < e.limit {
		e.windLocked()
	}
}

// closeBatchLocked makes the items in a box of ours a batch that a worker may take.
func (e *engine[T, B]) closeBatchLocked() {
	j := e.newJobLocked()
	j.batch = e.box.take(j.batch)
	e.enqueueLocked(j)
}

// newJobLocked returns a job with what is left of an older one's batch.
func (e *engine[T, B]) newJobLocked() *job[B] {
	j := e.spares
	if j == nil {
		return new(job[B])
	}
	e.spares, j.next = j.next, nil
	return j
}

// enqueueLocked gives j, to which the items of the box went, a place in the queue.
func (e *engine[T, B]) enqueueLocked(j *job[B]) {
	j.seq, j.items, j.weight = e.seq, e.count, e.weight
	e.seq++
	e.count, e.weight, e.ripe = 0, 0, false
	e.queue.pushLocked(j)
}

// isDueLocked reports whether a worker shall take the box as it is. It need not grow
// where others wait for room, since it is part of what they wait for.
func (e *engine[T, B]) isDueLocked() bool {
	return e.count > 0 && (e.ripe || e.closed || e.room.first != nil)
}

// hireLocked reports whether the caller must start a worker, once it has released
// the lock.
func (e *engine[T, B]) hireLocked() bool {
	if e.queue.first == nil && !e.isDueLocked() || e.isFullyStaffedLocked() {
		return false
	}
	e.busy++
	return true
}

// isFullyStaffedLocked reports whether there are as many workers as there may be. Once
// what is left is given up, those do not count that the handler may never let go.
func (e *engine[T, B]) isFullyStaffedLocked() bool {
	busy := e.busy
	if e.leftover != nil {
		busy -= e.handling
	}
	return busy >= e.workers
}
