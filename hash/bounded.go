package hash

import (
	"iter"

	"github.com/weirgo/weir"
)

// Acquire returns the node for a call about a key, and counts the call as in
// flight on that node until the permit is done; the outcome does not matter. It
// returns false if the ring is empty.
//
//	node, permit, ok := ring.Acquire(key)
//	defer permit.Done(weir.Success)
//
// With a bound, RingOptions.Load, a call goes to the first node in the order of
// GetN that has room: no call makes a node have more in flight than its share by
// weight of all that is in flight, this call included, times Load, rounded up
// (Mirrokni, Thorup & Zadimoghaddam, "Consistent Hashing with Bounded Loads",
// 2018). Calls that end make the shares of the others smaller, and so may leave a
// node above its bound; it gets no call until it is below. Without a bound Acquire
// is Get, and the permit does nothing.
//
// A permit that is never done counts as a call in flight for as long as the ring
// lives; done twice, it counts once. A node that leaves the ring takes what it has
// in flight out of the reckoning, and brings it back should it return meanwhile.
//
// Acquire takes a lock for as long as it looks at one node, or at all of them if
// that of Get has no room. It allocates nothing, unless more calls are in flight
// than ever before.
func (r *Ring[N]) Acquire(key string) (node N, permit weir.Permit, ok bool) {
	if r.ledger.bound == 0 {
		node, ok = r.Get(key)
		return node, permit, ok
	}
	hash := sum(key)
	l := &r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	s := r.now.Load() // under the lock: else a call could count on a node that just left
	if s == nil {
		return node, permit, false
	}
	slot := s.slot(hash)
	i := s.holder(slot)
	if quota := l.bound * float64(l.total+1); !s.room(i, quota) {
		i = s.electRoom(slotBase(slot), quota)
		l.diverted++
	}
	return s.nodes[i], l.grant(s.loads[i]), true
}

// room reports whether a node may have one more call in flight, when all may have
// quota together. Some node always may: if none did, they had quota in flight
// already, which is at least one more than they have. The caller holds the ledger's mu.
func (s *snapshot[N]) room(node int, quota float64) bool {
	return float64(s.loads[node].n)*s.total < quota*float64(s.weights[node])
}

// electRoom returns the best node that has room. The caller holds the ledger's mu.
func (s *snapshot[N]) electRoom(base uint64, quota float64) int {
	best := bid{node: -1}
	for i := range s.seeds {
		if !s.room(i, quota) {
			continue
		}
		if b := s.bid(base, i); best.node < 0 || s.better(b, best) {
			best = b
		}
	}
	return best.node
}

// swap replaces old by s, either of which may be nil, and moves the loads over.
// The caller holds the ring's mu.
func (r *Ring[N]) swap(old, s *snapshot[N]) {
	gone := map[string]*load{}
	if old != nil {
		for _, was := range old.loads {
			gone[was.name] = was
		}
	}
	if s != nil {
		s.loads = make([]*load, len(s.members))
		for i, m := range s.members {
			s.loads[i] = gone[m.name]
			delete(gone, m.name)
		}
	}
	l := &r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, was := range gone {
		l.part(was)
	}
	if s != nil {
		for i, stays := range s.loads {
			if stays == nil {
				s.loads[i] = l.join(s.members[i].name)
			}
		}
	}
	r.now.Store(s)
}

// Loads returns the nodes with what each has in flight, all at the same moment, in
// the order of Nodes. Without a bound nothing is counted.
func (r *Ring[N]) Loads() iter.Seq2[N, int] {
	nodes, loads := r.inFlight()
	return func(yield func(N, int) bool) {
		for i, node := range nodes {
			if !yield(node, loads[i]) {
				return
			}
		}
	}
}

func (r *Ring[N]) inFlight() (nodes []N, loads []int) {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	s := r.now.Load()
	if s == nil {
		return nil, nil
	}
	loads = make([]int, len(s.nodes))
	for i, of := range s.loads {
		loads[i] = of.n
	}
	return s.nodes, loads
}
