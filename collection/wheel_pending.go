package collection

// A pending is an entry of a wheel: what is to happen, and at which tick. Its
// place in a list is part of it, so that it can leave the list at once, from
// wherever it is, and takes its values with it.
type pending[T any] struct {
	next *pending[T]
	back **pending[T] // what points to this entry: the list, or the one before
	tick uint64
	mark uint32 // the hierarchy's era when this entry was linked; see there
	slot uint16 // level<<groupBits | index, or dueSlot, readySlot, noSlot
	note note
	item T
}

// A note says what is overdue with an entry whose shard has put it off.
type note uint8

const (
	inOrder  note = iota // nothing
	misfiled             // linked for a later tick than it now has
	dead                 // not pending any more, and yet linked
)

// waits reports whether p is pending.
func (p *pending[T]) waits() bool { return p.slot != noSlot && p.note != dead }

// A pendingList keeps its entries in the order in which they were appended.
type pendingList[T any] struct {
	first *pending[T]
	last  **pending[T] // where the next one goes; of no meaning while first is nil
}

func (l *pendingList[T]) append(p *pending[T]) {
	if l.first == nil {
		l.last = &l.first
	}
	p.back = l.last
	*l.last = p
	l.last = &p.next
}

// cut takes p out of whatever list it is in, and reports whether it was the last
// one there; then the list has to be told that it ends at back.
func (p *pending[T]) cut() (back **pending[T], last bool) {
	back, last = p.back, p.next == nil
	*back = p.next
	if !last {
		p.next.back = back
	}
	// An entry may be kept by whoever holds it: it must not keep others.
	p.next, p.back = nil, nil
	return back, last
}

// take appends all of o and leaves it empty. What the entries know of their slot
// is wrong from then on.
func (l *pendingList[T]) take(o *pendingList[T]) {
	if o.first == nil {
		return
	}
	if l.first == nil {
		l.last = &l.first
	}
	*l.last = o.first
	o.first.back = l.last
	l.last = o.last
	*o = pendingList[T]{}
}
