package collection

// A queuer waits at one end of a [Queue]: for a value, or for room for the one it
// brings.
type queuer[T any] struct {
	next, prev *queuer[T]
	listed     bool
	done       <-chan struct{} // of its context

	settled bool
	ready   chan struct{} // closed when it is settled
	value   T
	err     error
}

// settleLocked gives the queuer, no longer in a line, what it waited for.
func (w *queuer[T]) settleLocked(err error) {
	w.settled, w.err = true, err
	close(w.ready)
}

// isClosed tells whether a context is done without asking it.
func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// A line is a FIFO list of queuers, from which anybody may step out. Its zero
// value is empty. The lock of its queue guards it.
type line[T any] struct{ first, last *queuer[T] }

func (l *line[T]) joinLocked(done <-chan struct{}) *queuer[T] {
	w := &queuer[T]{prev: l.last, listed: true, done: done, ready: make(chan struct{})}
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
	return w
}

// nextLocked takes the first queuer who still waits out of the line, nil if there
// is none. Those before it have left and only have not said so yet.
func (l *line[T]) nextLocked() *queuer[T] {
	for l.first != nil {
		w := l.first
		l.removeLocked(w)
		if !isClosed(w.done) {
			return w
		}
	}
	return nil
}

func (l *line[T]) removeLocked(w *queuer[T]) {
	if !w.listed {
		return
	}
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
	w.next, w.prev, w.listed = nil, nil, false
}
