package hash

import (
	"sync"

	"github.com/weirgo/weir"
)

// A load is what one node has in flight. It belongs to the name of the node, so
// that it survives when the node leaves the ring for a moment.
type load struct {
	name   string
	n      int
	parted bool // its node is not in the ring
}

// A ledger keeps the loads of a ring.
type ledger struct {
	bound float64 // as RingOptions.Load; 0 for none

	mu       sync.Mutex // guards all below, and the n and parted of loads; held for one call
	total    int        // of all nodes in the ring
	parted   map[string]*load
	free     *grant
	acquired uint64
	diverted uint64 // of acquired: to another node than that of Get
}

// A grant is one call in flight, from Acquire to Done. Grants are used again, so
// there are as many as there ever were calls in flight at a time.
type grant struct {
	weir.Slot
	ledger *ledger
	load   *load
	next   *grant // in the free list
}

// grant counts one more call on a load. The caller holds mu.
func (l *ledger) grant(to *load) weir.Permit {
	g := l.free
	if g == nil {
		g = &grant{ledger: l}
		g.Bind(g)
	} else {
		l.free = g.next
	}
	g.load, g.next = to, nil
	to.n++
	l.total++
	l.acquired++
	return g.Issue()
}

// Settle implements [weir.Settler]: the call has ended, however it went.
func (g *grant) Settle(weir.Outcome) {
	l := g.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	g.load.n--
	if !g.load.parted {
		l.total--
	} else if g.load.n == 0 {
		delete(l.parted, g.load.name)
	}
	g.load, g.next = nil, l.free
	l.free = g
}

// part is told that a load's node left the ring. The caller holds mu.
func (l *ledger) part(gone *load) {
	gone.parted = true
	l.total -= gone.n
	if gone.n == 0 {
		return
	}
	if l.parted == nil {
		l.parted = map[string]*load{}
	}
	l.parted[gone.name] = gone
}

// join returns the load of a node that comes into the ring. The caller holds mu.
func (l *ledger) join(name string) *load {
	back := l.parted[name]
	if back == nil {
		return &load{name: name}
	}
	delete(l.parted, name)
	back.parted = false
	l.total += back.n
	return back
}
