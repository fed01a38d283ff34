package collection

import "runtime"

// A slot holds the bucket of every n-th epoch. It has two sets of cells so that
// a new epoch need not wait for the old one to be cleaned away: the spare set
// was cleaned a lap ago, the first writer opens it, every other goes on at once,
// and the first one then cleans the set that it retired.
//
// It is no fault if both sets are live in the same epoch, which a slow cleaner
// can bring about: a value is in exactly one set, and a reader takes both.
type slot struct{ sets [2]cells }

// enter returns the cells of an epoch with the caller inside, or nil if the slot
// has gone on to a later epoch, which means that this one has left the window.
//
// It waits in one case only: if each set is held by somebody who was stopped in
// the middle of it, a lap ago or longer: a writer in its Add, or a cleaner.
func (s *slot) enter(epoch uint64) *cells {
	tag := tagOf(epoch, live)
	for {
		if s.sets[0].enter(tag) {
			return &s.sets[0]
		}
		if s.sets[1].enter(tag) {
			return &s.sets[1]
		}
		switch a, b := s.sets[0].tag(), s.sets[1].tag(); {
		case a > tag || b > tag:
			return nil
		case a == tag || b == tag: // opened a moment ago
		case !s.turn(epoch):
			runtime.Gosched()
		}
	}
}

// turn makes one step towards cells that are live in epoch: it opens a clean set
// and cleans the other, or where there is none, cleans one. It reports whether
// there was a step to make.
func (s *slot) turn(epoch uint64) bool {
	for i := range s.sets {
		if !s.sets[i].isClean() {
			continue
		}
		// If another writer was faster, the caller finds what it opened.
		if s.sets[i].open(epoch) {
			// With a writer of the old epoch still inside, the next lap cleans up.
			s.sets[1-i].wipe(epoch)
		}
		return true
	}
	return s.sets[0].wipe(epoch) || s.sets[1].wipe(epoch)
}

// read returns what the slot holds for an epoch, as [cells.read] does.
func (s *slot) read(epoch uint64, float bool) (t tally) {
	tag := tagOf(epoch, live)
	if s.sets[0].tag() == tag {
		t = s.sets[0].read(tag)
	}
	if s.sets[1].tag() == tag {
		t = t.merge(s.sets[1].read(tag), float)
	}
	return t
}
