package limit

import (
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/stripe"
)

// slots holds one slot per permit that may be out. Whoever moves a slot's word
// from free to taken has a permit; settling the permit moves it back. So there is
// no counter that all cores would fight for, and never a permit too many.
//
// Slots come in groups of 64. A group is made when all before it are full.
type slots struct {
	limit  *Concurrency
	max    int
	grown  atomic.Int64 // how many groups exist
	groups []atomic.Pointer[group]
	growMu sync.Mutex // held while a group is made
}

func (s *slots) init(l *Concurrency, max int) {
	s.limit, s.max = l, max
	s.groups = make([]atomic.Pointer[group], (max+groupSize-1)/groupSize)
	s.grow(0)
}

// grow makes one more group if there are still `have` of them, and reports
// whether it is worth looking again.
func (s *slots) grow(have int) bool {
	if have == len(s.groups) {
		return false
	}
	s.growMu.Lock()
	defer s.growMu.Unlock()
	if int(s.grown.Load()) == have {
		s.groups[have].Store(newGroup(s.limit, min(groupSize, s.max-have*groupSize)))
		s.grown.Store(int64(have + 1))
	}
	return true
}

// likely returns the slot that the caller is likely to have to itself. It is
// small enough to be inlined, as is TryIssue.
func (s *slots) likely(hint uint32) *slot {
	g := s.groups[stripe.Pick(hint, int(s.grown.Load()))].Load()
	return g.at(hint)
}

// take returns a permit if one is free. It fails only if there was a moment, since
// it was called, at which all permits were out.
func (s *slots) take(hint uint32) (weir.Permit, bool) {
	for {
		n := int(s.grown.Load())
		first := stripe.Pick(hint, n)
		for i := range n {
			at := first + i
			if at >= n {
				at -= n
			}
			if p, ok := s.groups[at].Load().take(hint); ok {
				return p, true
			}
		}
		if s.grow(n) {
			continue
		}
		if n == 1 || s.full() {
			return weir.Permit{}, false
		}
	}
}

// full reports whether all groups were full at one moment. States carry versions
// that only grow, so two equal sums mean that none changed in between.
func (s *slots) full() bool {
	before, ok := s.sumOfFull()
	if !ok {
		return false
	}
	after, ok := s.sumOfFull()
	return ok && before == after
}

// sumOfFull adds up the groups' states, as long as all are full.
func (s *slots) sumOfFull() (sum uint64, ok bool) {
	for i := range s.groups {
		state := s.groups[i].Load().state.Load()
		if state&codeMask != codeFull {
			return 0, false
		}
		sum += state
	}
	return sum, true
}

// each calls fn for every slot that exists.
func (s *slots) each(fn func(*slot)) {
	for i := range int(s.grown.Load()) {
		g := s.groups[i].Load()
		for j := range g.slots {
			fn(&g.slots[j])
		}
	}
}
