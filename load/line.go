package load

import (
	"context"

	"github.com/weirgo/weir"
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
