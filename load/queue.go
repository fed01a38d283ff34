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

// A queue holds calls that wait for their turn, most critical class first. Who of a
// class is next, and who has waited for too long, see nextLocked.
type queue struct {
	s       *Shedder
	waiting atomic.Int64 // how many, to be read without the lock

	mu     sync.Mutex // guards all below; never held while waiting
	lines  [numClasses]waitLine
	idleAt int64 // when the queue was empty last
}

func newQueue(s *Shedder) *queue { return &queue{s: s} }

// wait lines a call up, and returns when its turn has come or will not come.
func (q *queue) wait(ctx context.Context, class int, now int64) (weir.Permit, error) {
	w := &waiter{class: class, since: now, deadline: math.MaxInt64, ctx: ctx, turn: make(chan weir.Permit, 1)}
	if deadline, ok := ctx.Deadline(); ok {
		w.deadline = int64(deadline.Sub(q.s.epoch))
	}
	if reason := q.enter(w, now); reason != 0 {
		return q.turnAway(w, now, reason)
	}
	if q.s.control.stalled(now) {
		q.relieve(now)
	}
	p, err := q.await(ctx, w)
	if err == nil && p == (weir.Permit{}) {
		return q.turnAway(w, q.s.now(), ReasonQueue)
	}
	return p, err
}

// turnAway refuses w, which is not in the queue, or lets it in all the same because
// nothing moves.
func (q *queue) turnAway(w *waiter, now int64, reason Reason) (weir.Permit, error) {
	if q.s.crowdedOut(w.class, now) {
		return q.s.relieve(w.ctx, now), nil
	}
	return q.s.refuse(w.ctx, now, q.s.refused.errs[reason][w.class])
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
			q.refuseLocked(w)
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
	q.waiting.Store(int64(q.lenLocked()))
}

// refuseLocked takes w out of the queue, and tells it that its turn will not come. The
// caller holds q.mu.
func (q *queue) refuseLocked(w *waiter) {
	q.removeLocked(w)
	w.turn <- weir.Permit{}
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
		q.takeLocked(w, now)
		w.turn <- s.admit(w.ctx, now, n)
	}
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
