package syncx

import (
	"context"
	"sync"
)

// A waiter is one caller in a line.
type waiter[G any] struct {
	next, prev *waiter[G]
	queued     bool
	// granted receives what the waiter waits for, once it is no longer queued. It
	// has room for it, so that granting never blocks.
	granted chan G
}

func newWaiter[G any]() *waiter[G] { return &waiter[G]{granted: make(chan G, 1)} }

// A line is where callers wait, first come, first served, and from which anybody
// may step out. Its zero value is empty. The lock of its owner guards it.
type line[G any] struct {
	head, tail *waiter[G]
	len        int
}

func (l *line[G]) pushLocked(w *waiter[G]) {
	w.queued = true
	w.prev = l.tail
	if l.tail == nil {
		l.head = w
	} else {
		l.tail.next = w
	}
	l.tail = w
	l.len++
}

func (l *line[G]) removeLocked(w *waiter[G]) {
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

// grantLocked gives g to the first in line. It is false if there is nobody.
func (l *line[G]) grantLocked(g G) bool {
	w := l.head
	if w == nil {
		return false
	}
	l.removeLocked(w)
	w.granted <- g
	return true
}

// await returns what w was granted. It is false if ctx was done before, and then
// w has left the line. mu is the lock of the line, which the caller does not hold.
//
// Who is granted something at the very moment at which ctx is done gets it, and
// has to pass it on: that is what keeps a wake-up from being lost.
func (l *line[G]) await(ctx context.Context, mu sync.Locker, w *waiter[G]) (g G, ok bool) {
	done := ctx.Done()
	if done == nil {
		return <-w.granted, true // for half the price
	}
	select {
	case g = <-w.granted:
		return g, true
	case <-done:
	}
	mu.Lock()
	left := w.queued
	if left {
		l.removeLocked(w)
	}
	mu.Unlock()
	if left {
		return g, false
	}
	return <-w.granted, true
}
