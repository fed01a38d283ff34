package syncx

import (
	"sync/atomic"

	"github.com/weirgo/weir/internal/stripe"
)

// A limitStripe lends some of the permits of a Limit. Permits are all the same, so
// one may be borrowed here and be given back to another stripe: together they lend
// as many as the Limit has.
//
// Whoever takes or gives in a hurry counts first, and takes it back if that was one
// too many. If others have made room meanwhile, it never was one too many: so
// nobody else is refused for it.
type limitStripe struct {
	// state is how many are lent, for a moment fewer than none or more than cap; plus
	// queued, while somebody waits; plus a version, which grows with each change.
	state atomic.Uint64
	cap   int64
	_     [48]byte // to a cache line
}

const (
	stripes = 8

	lentBits = 40
	version  = 1 << lentBits
	// queued is so much that taking in a hurry fails, and who gives sees it.
	queued  = 1 << (lentBits - 2)
	maxLent = queued/2 - 1
)

// hasty is how many are lent, and queued.
func hasty(state uint64) int64 { return int64(state<<(64-lentBits)) >> (64 - lentBits) }

// lent is how many are lent, whoever waits.
func lent(state uint64) int64 {
	n := hasty(state)
	if n > maxLent {
		n -= queued
	}
	return n
}

// share spreads n permits over the stripes. Few permits leave some without any.
func (l *Limit) share(n int) {
	for i := range l.stripes {
		part := n / stripes
		if i < n%stripes {
			part++
		}
		l.stripes[i].cap = min(int64(part), maxLent)
	}
}

// likely is the stripe that the caller is likely to have to itself.
func likely() uint32 { return stripe.Hint() % stripes }

// hurry borrows a permit if this stripe has one and nobody waits.
func (s *limitStripe) hurry() bool {
	return hasty(s.state.Add(version+1)) <= s.cap || s.keep()
}

// keep reports whether a permit has come back for who took one too many. Without it,
// one may have been given back here that another stripe has lent: who counted too
// early for that must see that the next permit is taken here.
func (s *limitStripe) keep() bool {
	for {
		state := s.state.Load()
		if hasty(state) <= s.cap {
			return true
		}
		if s.state.CompareAndSwap(state, state+version-1) {
			return false
		}
	}
}

// hurryBack takes a permit back. If it is false, gone tells what became of it.
func (s *limitStripe) hurryBack() bool {
	return uint64(hasty(s.state.Add(version-1))) <= maxLent
}

// gone reports whether a permit was given back that this stripe had lent, or that
// somebody has borrowed meanwhile, and whether somebody waits.
func (s *limitStripe) gone() (ok, waits bool) {
	for {
		state := s.state.Load()
		if lent(state) >= 0 {
			return true, hasty(state) > maxLent
		}
		if s.state.CompareAndSwap(state, state+version+1) {
			return false, false
		}
	}
}

// take borrows a permit if this stripe has one, whoever waits.
func (s *limitStripe) take() bool {
	for {
		state := s.state.Load()
		if s.full(state) {
			return false
		}
		if s.state.CompareAndSwap(state, state+version+1) {
			return true
		}
	}
}

func (s *limitStripe) full(state uint64) bool  { return lent(state) >= s.cap }
func (s *limitStripe) empty(state uint64) bool { return lent(state) <= 0 }

// take borrows a permit, of that stripe if it has one. It is false only if all were
// lent at one moment of the call.
func (l *Limit) take(first uint32) bool {
	for {
		for i := range uint32(stripes) {
			if l.stripes[(first+i)%stripes].take() {
				return true
			}
		}
		if l.all((*limitStripe).full) {
			return false
		}
	}
}

// give takes a permit back, and tells whether somebody waits. It is not ok only if
// none was lent at one moment of the call.
func (l *Limit) give(first uint32) (ok, waits bool) {
	for {
		for i := range uint32(stripes) {
			s := &l.stripes[(first+i)%stripes]
			if s.empty(s.state.Load()) {
				continue
			}
			if s.hurryBack() {
				return true, false
			}
			if ok, waits := s.gone(); ok {
				return true, waits
			}
		}
		if l.all((*limitStripe).empty) {
			return false, false
		}
	}
}

// all reports whether there was a moment at which it is true of each stripe.
func (l *Limit) all(is func(*limitStripe, uint64) bool) bool {
	states, ok := l.states()
	for i := range states {
		ok = ok && is(&l.stripes[i], states[i])
	}
	return ok
}

// states returns what the states were at one moment. It is false if they change
// too fast.
func (l *Limit) states() (all [stripes]uint64, ok bool) {
	for i := range all {
		all[i] = l.stripes[i].state.Load()
	}
	for i := range all { // versions only grow
		if l.stripes[i].state.Load() != all[i] {
			return all, false
		}
	}
	return all, true
}

// InUse is how many permits are borrowed.
func (l *Limit) InUse() int {
	for {
		states, ok := l.states()
		if !ok {
			continue
		}
		sum := int64(0)
		for i, state := range states {
			sum += min(lent(state), l.stripes[i].cap)
		}
		return int(max(0, sum))
	}
}
