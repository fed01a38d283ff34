package syncx

import (
	"context"
	"runtime"

	"github.com/weirgo/weir"
)

// A load is one call of a caller's fn. The lock of its SingleFlight guards it.
type load[V any] struct {
	id      identity
	waiters int           // callers, the first one included, that have not left
	done    chan struct{} // closed at the end; nil as long as nobody waits for it
	ended   bool
	result  result[V] // set with ended, and read-only from then on
	// cancel ends the context of the load. It is nil if the load runs in the
	// goroutine of its first caller, who then stays to the end.
	cancel context.CancelCauseFunc
	next   *load[V] // in the list of spares
}

func (l *load[V]) joinLocked() {
	l.waiters++
	if l.done == nil {
		l.done = make(chan struct{})
	}
}

// A result is what became of a load: value and err, or one of the others.
type result[V any] struct {
	value    V
	err      error
	panicked *weir.Panic
	exited   bool // by runtime.Goexit
}

// deliver does to the caller what the load did.
func (r result[V]) deliver() (V, error) {
	if r.panicked != nil {
		panic(r.panicked)
	}
	if r.exited {
		runtime.Goexit()
	}
	return r.value, r.err
}

// spares are loads to be used again: those that nobody but their first caller
// ever knew of.
type spares[V any] struct {
	first *load[V]
	n     int
}

const maxSpares = 64

func (s *spares[V]) takeLocked() *load[V] {
	l := s.first
	if l == nil {
		return new(load[V])
	}
	s.first, l.next = l.next, nil
	s.n--
	return l
}

func (s *spares[V]) putLocked(l *load[V]) {
	if s.n == maxSpares {
		return
	}
	l.id, l.next = nil, s.first
	s.first = l
	s.n++
}
