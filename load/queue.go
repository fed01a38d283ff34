package load

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// A queue holds calls that wait for their turn, most critical class first. While it
// empties again and again, it is first come, first served, and patient. Once it has
// not been empty for long, it is a standing queue: then those who came last are
// served first, for they have the most time left, and nobody waits for long (CoDel
// and adaptive LIFO: "Fail at Scale", Maurer, ACM Queue 2015).
type queue struct {
	s       *Shedder
	waiting atomic.Int64 // how many, to be read without the lock

	mu     sync.Mutex // guards all below; never held while waiting
	lines  [numClasses]waitLine
	idleAt int64 // when the queue was empty last
}

const (
	patient   = int64(100 * time.Millisecond) // at least, how long a call waits in a queue that empties
	impatient = int64(5 * time.Millisecond)   // at least, in one that does not
)

// A waiter is a call in the queue.
type waiter struct {
	next, prev *waiter
	class      int
	since      int64
	deadline   int64 // in ns since the shedder's epoch; never if there is none
	queued     bool
	ctx        context.Context
	// turn receives the permit, or the zero permit if the call is refused. It has
	// room for it, so that nobody blocks here.
	turn chan weir.Permit
}

// A waitLine is a list of waiters, the one who came last at the tail.
type waitLine struct {
	head, tail *waiter
	len        int
}

func (l *waitLine) push(w *waiter) {
	w.prev, w.queued = l.tail, true
	if l.tail == nil {
		l.head = w
	} else {
		l.tail.next = w
	}
	l.tail = w
	l.len++
}

func (l *waitLine) remove(w *waiter) {
	if w.prev == nil {
		l.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev, w.queued = nil, nil, false
	l.len--
}

func newQueue(s *Shedder) *queue { return &queue{s: s} }

// wait lines a call up, and returns when its turn has come or will not come.
func (q *queue) wait(ctx context.Context, class int, now int64) (weir.Permit, error) {
	w := &waiter{class: class, since: now, deadline: math.MaxInt64, ctx: ctx, turn: make(chan weir.Permit, 1)}
	if deadline, ok := ctx.Deadline(); ok {
		w.deadline = int64(deadline.Sub(q.s.epoch))
	}
	if reason := q.enter(w, now); reason != 0 {
		if q.s.crowdedOut(class, now) {
			return q.s.relieve(ctx, now), nil
		}
		return q.s.refuse(ctx, now, q.s.refused.errs[reason][class])
	}
	if q.s.control.stalled(now) {
		q.relieve(now)
	}
	p, err := q.await(ctx, w)
	switch {
	case err != nil:
		return weir.Permit{}, err
	case p == (weir.Permit{}):
		now = q.s.now()
		if q.s.crowdedOut(class, now) {
			return q.s.relieve(ctx, now), nil
		}
		return q.s.refuse(ctx, now, q.s.refused.errs[ReasonQueue][class])
	}
	return p, nil
}

// await returns the permit, the zero permit if there will be none, or the error of
// ctx if that is done.
func (q *queue) await(ctx context.Context, w *waiter) (p weir.Permit, err error) {
	select {
	case p = <-w.turn: // often already there; saves the timer
	default:
		timer := time.NewTimer(time.Duration(q.patience(patient, 4)))
		defer timer.Stop()
		select {
		case p = <-w.turn:
		case <-ctx.Done():
			p = q.leave(w)
		case <-timer.C:
			q.dispatch(q.s.now()) // the garbage collector may have made room
			p = q.leave(w)
		}
	}
	if ctx.Err() != nil { // wins, whatever else happened at the same moment
		p.Done(weir.Ignored)
		return weir.Permit{}, ctxerr.Err(ctx)
	}
	return p, nil
}

// patience returns how long a call may wait: a multiple of the usual service time.
func (q *queue) patience(least int64, multiple float64) int64 {
	return max(least, int64(multiple*q.s.rules.service.Load()))
}

// enter lines w up, or returns why not. w may have its turn by the time enter returns.
func (q *queue) enter(w *waiter, now int64) Reason {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dispatchLocked(now) // a call that could not get in for us may have left room
	switch {
	case q.tooLateLocked(w, now):
		return ReasonDeadline
	case q.lenLocked() >= q.s.opts.MaxQueue && !q.makeRoomLocked(w.class):
		return ReasonQueue
	}
	if q.lenLocked() == 0 {
		q.idleAt = now
	}
	q.lines[w.class].push(w)
	q.waiting.Store(int64(q.lenLocked()))
	// A call that ended before that Store saw nobody waiting; one that ends after it
	// will find w. So look once, now.
	q.dispatchLocked(now)
	return 0
}

// tooLateLocked reports whether a call has not enough time left for those before it
// and its own work. The caller holds q.mu.
func (q *queue) tooLateLocked(w *waiter, now int64) bool {
	rate := q.s.rules.fast.Load()
	if w.deadline == math.MaxInt64 || rate == 0 {
		return false
	}
	ahead := 1
	for _, line := range q.lines[w.class:] {
		ahead += line.len
	}
	return float64(w.deadline-now) < float64(ahead)/rate+q.s.rules.service.Load()
}

func (q *queue) lenLocked() (n int) {
	for i := range q.lines {
		n += q.lines[i].len
	}
	return n
}

// makeRoomLocked refuses a call of a class below to make room for a more critical
// one. The caller holds q.mu.
func (q *queue) makeRoomLocked(class int) bool {
	for i := range class {
		if w := q.lines[i].head; w != nil {
			q.removeLocked(w)
			w.turn <- weir.Permit{}
			return true
		}
	}
	return false
}

// leave takes w out of the queue. It returns the permit that w got at the last moment,
// else the zero permit.
func (q *queue) leave(w *waiter) weir.Permit {
	q.mu.Lock()
	queued := w.queued
	if queued {
		q.removeLocked(w)
	}
	q.mu.Unlock()
	if queued {
		return weir.Permit{}
	}
	return <-w.turn
}

// removeLocked takes w out of the queue. The caller holds q.mu.
func (q *queue) removeLocked(w *waiter) {
	q.lines[w.class].remove(w)
	n := q.lenLocked()
	q.waiting.Store(int64(n))
}

// dispatch lets in those whose turn has come.
func (q *queue) dispatch(now int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dispatchLocked(now)
}

// dispatchLocked is dispatch for who holds q.mu.
func (q *queue) dispatchLocked(now int64) {
	for {
		w := q.nextLocked(now)
		if w == nil {
			return
		}
		s := q.s
		limit := s.rules.limit(w.class)
		n := s.enter()
		if n > limit {
			s.leave()
			return
		}
		q.admitLocked(w, now, n)
	}
}

// admitLocked hands w its permit; it is the n-th in flight. The caller holds q.mu.
func (q *queue) admitLocked(w *waiter, now, n int64) {
	q.takeLocked(w, now)
	w.turn <- q.s.admit(w.ctx, now, n)
}

// takeLocked takes w, whose turn has come, out of the queue. The caller holds q.mu.
func (q *queue) takeLocked(w *waiter, now int64) {
	q.removeLocked(w)
	if q.lenLocked() == 0 {
		q.idleAt = now
	}
}

// relieve lets the next one in, be there room or not.
func (q *queue) relieve(now int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if w := q.nextLocked(now); w != nil {
		q.takeLocked(w, now)
		w.turn <- q.s.relieve(w.ctx, now)
	}
}

// nextLocked returns who is next, nil if nobody waits. In a standing queue it refuses
// those who have waited for too long. The caller holds q.mu.
func (q *queue) nextLocked(now int64) *waiter {
	standing := now-q.idleAt > q.patience(patient, 4)
	for i := numClasses - 1; i >= 0; i-- {
		line := &q.lines[i]
		if !standing {
			if line.head != nil {
				return line.head
			}
			continue
		}
		for line.head != nil && now-line.head.since > q.patience(impatient, 0.5) {
			w := line.head
			q.removeLocked(w)
			w.turn <- weir.Permit{}
		}
		if line.tail != nil {
			return line.tail
		}
	}
	return nil
}
