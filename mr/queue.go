package mr

import (
	"sync/atomic"
	"unsafe"
)

// How far a source is read ahead: so many items, or fewer if they are large.
const (
	maxAhead      = 256
	maxAheadBytes = 32 << 10
)

// A queue is a ring from one goroutine, that of the source, to all workers, who
// come one after another. What holds a lock, is the crew's lock.
type queue[T any] struct {
	// Of the source. The ring is replaced by it under the lock only, and its slots
	// belong to it from tail to head+len(ring).
	ring []T // its length is a power of two
	seen uint64
	_    [64]byte
	// tail is how many items were put. It is stored after the item.
	tail atomic.Uint64
	_    [64]byte
	// head is how many items were taken; guarded by the lock.
	head uint64
}

// ahead is how long the ring of such items may become.
func ahead[T any]() int {
	var item T
	n := maxAhead
	for n > 1 && uintptr(n)*unsafe.Sizeof(item) > maxAheadBytes {
		n /= 2
	}
	return n
}

// full reports whether the source must look for room. It is the source's.
func (q *queue[T]) full() bool { return q.tail.Load()-q.seen == uint64(len(q.ring)) }

// put needs room. It is the source's.
func (q *queue[T]) put(item T) {
	t := q.tail.Load()
	q.ring[t&uint64(len(q.ring)-1)] = item
	q.tail.Store(t + 1)
}

// lenLocked is for those who take; it grows at any time.
func (q *queue[T]) lenLocked() int { return int(q.tail.Load() - q.head) }

// takeLocked moves as many items as there is room for in into, which must not be
// more than there are. The slots become the source's when it reads head.
func (q *queue[T]) takeLocked(into []T) {
	at := int(q.head & uint64(len(q.ring)-1))
	n := copy(into, q.ring[at:])
	clear(q.ring[at : at+n])
	m := copy(into[n:], q.ring)
	clear(q.ring[:m])
	q.head += uint64(len(into))
}

// growLocked doubles the ring. It is the source's.
func (q *queue[T]) growLocked() {
	larger := make([]T, 2*len(q.ring))
	for i := q.head; i != q.tail.Load(); i++ {
		larger[i&uint64(len(larger)-1)] = q.ring[i&uint64(len(q.ring)-1)]
	}
	q.ring = larger
}
