package collection

// A pending is an entry of a wheel: what is to happen, and at which tick. Its
// place in a list is part of it, so that it can leave the list at once, from
// wherever it is, and takes its values with it.
type pending[T any] struct {
	next *pending[T]
	back **pending[T] // what points to this entry: the list, or the one before; nil in no list
	tick uint64
	era  uint32 // the hierarchy's when this entry was linked
	slot uint16 // level<<groupBits | index, or dueSlot
	item T
}

func (p *pending[T]) linked() bool { return p.back != nil }

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
