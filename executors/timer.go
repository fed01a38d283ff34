package executors

import "time"

// windLocked has the timer go off when the item that is now the first in the box has
// waited for an interval. A timer that goes off before that is left alone, and wound
// again then: in a busy stream it would be wound in vain for each batch.
func (e *engine[T, B]) windLocked() {
	e.due = time.Since(e.epoch) + e.interval
	if !e.armed {
		e.armLocked(e.interval)
	}
}

func (e *engine[T, B]) armLocked(d time.Duration) {
	e.armed = true
	if e.timer == nil {
		e.timer = time.AfterFunc(d, e.ring)
		return
	}
	e.timer.Reset(d)
}

// ring is what the timer calls. It is a goroutine of its own, and a worker if there
// is need for one.
func (e *engine[T, B]) ring() {
	if e.rang() {
		e.work(nil)
	}
}

func (e *engine[T, B]) rang() (hired bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.armed = false
	if e.count == 0 {
		e.restLocked()
		return false
	}
	if left := e.due - time.Since(e.epoch); left > 0 && !e.ripe && !e.closed {
		e.armLocked(left)
		return false
	}
	e.ripe = true
	return e.hireLocked()
}

// restLocked lets go of the memory that is of no use to an executor at rest.
func (e *engine[T, B]) restLocked() {
	if e.queue.first == nil && e.running.first == nil {
		e.spares = nil
	}
}
