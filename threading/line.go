package threading

// A waiter is a caller of a [TaskRunner] that waits: for room for its task, or
// for the tasks to end.
type waiter struct {
	next, prev *waiter
	inside     bool // it is itself a task of the runner

	task    func() // that wants room
	closing bool   // it waits for the workers to end, not only for their tasks

	settled bool
	ready   chan struct{} // closed when it is settled
	err     error
}

// settleLocked gives the waiter, no longer in a line, what it waited for.
func (w *waiter) settleLocked(err error) {
	w.settled, w.err = true, err
	close(w.ready)
}

// A line is a FIFO list of waiters, from which anybody may step out. Its zero
// value is empty. The lock of its runner guards it.
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

// removeLocked takes out w, which must be in the line: it is until it is settled
// or gives up.
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
