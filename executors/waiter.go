package executors

// A waiter is a caller that waits: in Add for room, in Flush or Close for batches.
type waiter struct {
	next, prev *waiter

	weight  int     // it wants room for
	purpose purpose // of a wait for batches
	target  uint64  // the last batch that a Flush waits for

	ready   chan struct{} // closed when it is settled
	settled bool
	err     error
}

// A purpose is what a waiter for batches waits for.
type purpose uint8

const (
	flushing purpose = iota // the batches up to its target are settled
	closing                 // all are, and no worker is left
	leaving                 // all are, but those in the handler
)

func (w *waiter) settleLocked(err error) {
	w.settled, w.err = true, err
	close(w.ready)
}

// A line is a FIFO list of waiters, from which anybody may step out. Its zero value
// is empty. The lock of its engine guards it.
type line struct {
	first, last *waiter
	len         int
}

func (l *line) joinLocked(w *waiter) {
	w.prev, w.ready = l.last, make(chan struct{})
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
	l.len++
}

// removeLocked takes out w, which must be in the line.
func (l *line) removeLocked(w *waiter) {
	if w.prev == nil {
		l.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev = nil, nil
	l.len--
}
