package load

import "time"

const (
	patient   = int64(100 * time.Millisecond) // at least, how long a call waits in a queue that empties
	impatient = int64(5 * time.Millisecond)   // at least, in one that does not
)

// patience returns how long a call may wait: a multiple of the usual service time.
func (q *queue) patience(least int64, multiple float64) int64 {
	return max(least, int64(multiple*q.s.rules.service.Load()))
}

// nextLocked returns who is next, nil if nobody waits. The caller holds q.mu.
//
// While the queue empties again and again, it is first come, first served, and patient.
// Once it has not been empty for long, it is a standing queue: then those who came last
// are served first, for they have the most time left, and nobody waits for long (CoDel
// and adaptive LIFO: "Fail at Scale", Maurer, ACM Queue 2015).
func (q *queue) nextLocked(now int64) *waiter {
	standing := now-q.idleAt > q.patience(patient, 4)
	for i := numClasses - 1; i >= 0; i-- {
		line := &q.lines[i]
		next := line.head
		if standing {
			q.dropLocked(line, now)
			next = line.tail
		}
		if next != nil {
			return next
		}
	}
	return nil
}

// dropLocked refuses those of a standing queue's line who have waited for too long. The
// caller holds q.mu.
func (q *queue) dropLocked(line *waitLine, now int64) {
	for line.head != nil && now-line.head.since > q.patience(impatient, 0.5) {
		q.refuseLocked(line.head)
	}
}
