package collection

import "math/bits"

const (
	groupBits = 6
	groupSize = 1 << groupBits
	groupMask = groupSize - 1

	dueSlot   = 1<<16 - 1   // in place of a slot: the list of what is due
	readySlot = dueSlot - 1 // and the clockwork's, for workers to take from
	noSlot    = 0           // in no list: what is at index 0 of a level has come
	never     = 1<<64 - 1   // a tick that does not come
)

// A hierarchy sorts entries by tick, as coarsely as can be for as long as can
// be: a hierarchical timing wheel (Varghese and Lauck, SOSP 1987). Level l has a
// slot for each value of the l-th group of six bits of a tick. An entry lies at
// the highest level in whose group its tick differs from the current one, hence
// in a slot that is still to come, and moves down as the slot's first tick does
// come. So in each level the entries lie in slots above the current index, and
// all of a level are earlier than all of the levels above it.
//
// Time is a number here: nothing reads a clock or takes a lock.
type hierarchy[T any] struct {
	now    uint64 // all that was due up to this tick has moved on
	era    uint32 // how often everything was taken out
	opened uint16 // which slot is open, if open is not nil
	kept   bool   // nothing is ever taken out
	due    pendingList[T]
	dues   int              // how many are in it
	open   *pendingList[T]  // the slot of now, while it is being emptied
	until  uint64           // the last tick of it
	levels []*wheelLevel[T] // nil where nothing has been yet
}

type wheelLevel[T any] struct {
	occupied uint64 // bit i: slots[i] is not empty
	slots    [groupSize]pendingList[T]
}

// newHierarchy returns one for ticks up to last.
func newHierarchy[T any](last uint64) hierarchy[T] {
	n := (bits.Len64(last) + groupBits - 1) / groupBits
	return hierarchy[T]{levels: make([]*wheelLevel[T], n)}
}

// link puts p where its tick belongs, and returns the tick at which that slot
// comes up: at the latest p's own, and 0 if p is due.
func (h *hierarchy[T]) link(p *pending[T]) (at uint64) {
	if h.open != nil && p.tick >= h.now && p.tick <= h.until {
		// Behind what is there with the same tick. It moves on with the rest.
		h.stamp(p)
		p.slot = h.opened
		h.open.append(p)
		h.levels[p.slot>>groupBits].occupied |= 1 << (p.slot & groupMask)
		return h.now
	}
	return h.sort(p)
}

// sort is link where no slot is open, or p comes out of it.
func (h *hierarchy[T]) sort(p *pending[T]) (at uint64) {
	h.stamp(p)
	if p.tick <= h.now {
		p.slot = dueSlot
		h.due.append(p)
		h.dues++
		return 0
	}
	level := h.levelOf(p.tick)
	group := p.tick >> (level * groupBits)
	i := group & groupMask
	p.slot = uint16(level<<groupBits | int(i))
	l := h.levels[level]
	if l == nil {
		l = new(wheelLevel[T])
		h.levels[level] = l
	}
	l.slots[i].append(p)
	l.occupied |= 1 << i
	return group << (level * groupBits)
}

// levelOf returns the level of a tick that is to come.
func (h *hierarchy[T]) levelOf(tick uint64) int {
	return (bits.Len64(tick^h.now) - 1) / groupBits
}

// comesUp returns the tick at which the slot comes up to which sort would link an
// entry, 0 if that is due.
func (h *hierarchy[T]) comesUp(tick uint64) (at uint64) {
	if tick <= h.now {
		return 0
	}
	return tick &^ (1<<(h.levelOf(tick)*groupBits) - 1)
}

// unlink takes p out of the list that it is in, but for readySlot.
func (h *hierarchy[T]) unlink(p *pending[T]) {
	if p.slot == dueSlot && h.has(p) {
		h.dues--
	}
	if back, last := p.cut(); last && h.has(p) {
		h.endsAt(p.slot, back)
	}
}

// stamp and has tell what is here from what was taken out. Where nothing ever is,
// marks are free for another use.
func (h *hierarchy[T]) stamp(p *pending[T]) {
	if !h.kept {
		p.mark = h.era
	}
}

func (h *hierarchy[T]) has(p *pending[T]) bool { return h.kept || p.mark == h.era }

// endsAt tells the list of a slot that its last entry went.
func (h *hierarchy[T]) endsAt(slot uint16, last **pending[T]) {
	if slot == dueSlot {
		h.due.last = last
		return
	}
	l, i := h.levels[slot>>groupBits], slot&groupMask
	if l.slots[i].last = last; l.slots[i].first == nil {
		l.occupied &^= 1 << i
	}
}

// stay gives a linked p another tick if that lets it stay where it is.
//
// So to be moved to later costs next to nothing: p is found to have time when its
// slot comes up, and is linked again then, once for however many moves. What keeps
// a session alive is a move to later.
func (h *hierarchy[T]) stay(p *pending[T], tick uint64) bool {
	if !h.files(p) || tick < h.firstTick(p.slot) {
		return false
	}
	p.tick = tick
	return true
}

// files reports whether a linked p is in a slot.
func (h *hierarchy[T]) files(p *pending[T]) bool { return p.slot < readySlot && h.has(p) }

// firstTick returns the tick at which a slot comes up.
func (h *hierarchy[T]) firstTick(slot uint16) uint64 {
	level, i := slot>>groupBits, uint64(slot&groupMask)
	// Bits above the level's group are those of now; a shift by 64 or more is 0.
	above := h.now &^ (1<<((level+1)*groupBits) - 1)
	return above | i<<(level*groupBits)
}

// next returns the next slot with entries, and the tick at which it comes up, or
// never.
func (h *hierarchy[T]) next() (at uint64, slot *pendingList[T], number uint16) {
	for level, l := range h.levels {
		if l != nil && l.occupied != 0 {
			i := bits.TrailingZeros64(l.occupied)
			number = uint16(level<<groupBits | i)
			return h.firstTick(number), &l.slots[i], number
		}
	}
	return never, nil, 0
}

// advance makes now the tick to, and what becomes due on the way due, in the
// order of ticks. It deals with at most some entries at a time, and returns
// false if it has to be called again.
func (h *hierarchy[T]) advance(to uint64, some int) bool {
	for ; ; some-- {
		if h.open == nil && !h.reach(to) {
			return true
		}
		if some == 0 {
			return false
		}
		if p := h.open.first; p != nil {
			h.unlink(p)
			h.sort(p)
		} else {
			h.open = nil
		}
	}
}

// reach opens the next slot that comes up, if it does so until the tick to; else
// it makes that tick now. No slot with entries is passed over, so that all of
// them stay ahead of now.
func (h *hierarchy[T]) reach(to uint64) bool {
	at, slot, number := h.next()
	if at > to {
		h.now = max(h.now, to)
		return false
	}
	h.now, h.open, h.opened = at, slot, number
	h.until = at | (1<<(number>>groupBits*groupBits) - 1)
	return true
}

// takeAll moves everything to a list of the caller's, in which each entry can
// still be unlinked and moved.
func (h *hierarchy[T]) takeAll(into *pendingList[T]) {
	h.era++
	h.dues = 0
	into.take(&h.due)
	for _, l := range h.levels {
		if l == nil {
			continue
		}
		for o := l.occupied; o != 0; o &= o - 1 {
			into.take(&l.slots[bits.TrailingZeros64(o)])
		}
		l.occupied = 0
	}
}
