package limit

import (
	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/stripe"
)

// A waiter is one call in the queue.
type waiter struct {
	next, prev *waiter
	queued     bool
	// granted receives the waiter's permit, when it is no longer queued. It has
	// room for it, so that granting never blocks.
	granted chan weir.Permit
}

// waitQueue is a FIFO list from which anybody may step out. Its zero value is
// empty.
type waitQueue struct {
	head, tail *waiter
	len        int
}

func (q *waitQueue) push(w *waiter) {
	w.queued = true
	w.prev = q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.len++
}

func (q *waitQueue) remove(w *waiter) {
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev, w.queued = nil, nil, false
	q.len--
}

// enqueue lines the caller up, nil if the queue is full. The waiter may have been
// granted its permit by the time enqueue returns.
func (l *Concurrency) enqueue() *waiter {
	if l.full.Load() {
		return nil // without the lock, so that refusals do not fight for it
	}
	// Made before the lock is held, so that nobody waits for the allocator; in
	// vain if others have just filled the queue.
	w := &waiter{granted: make(chan weir.Permit, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.len >= l.opts.MaxQueue {
		return nil
	}
	l.queue.push(w)
	l.waiting.Store(int64(l.queue.len))
	// A permit that came free before that Store saw nobody waiting. One that
	// comes free after it will find us. So look once, now.
	l.grantLocked()
	// Not earlier: a place that is only taken to be granted a permit at once
	// must not make others believe that the queue is full.
	l.full.Store(l.queue.len >= l.opts.MaxQueue)
	return w
}

// grant hands free permits to those who wait.
func (l *Concurrency) grant() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grantLocked()
}

// grantLocked hands free permits to those at the head of the queue. The caller
// holds l.mu.
func (l *Concurrency) grantLocked() {
	for l.queue.head != nil {
		p, ok := l.slots.take(stripe.Hint())
		if !ok {
			return
		}
		w := l.queue.head
		l.removeLocked(w)
		w.granted <- p
	}
}

// leave takes w out of the queue, and reports whether it was still there.
func (l *Concurrency) leave(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !w.queued {
		return false
	}
	l.removeLocked(w)
	return true
}

// removeLocked takes w out of the queue. The caller holds l.mu.
func (l *Concurrency) removeLocked(w *waiter) {
	l.queue.remove(w)
	l.waiting.Store(int64(l.queue.len))
	l.full.Store(false)
}
