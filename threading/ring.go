package threading

// A ring is a FIFO queue of functions in one buffer, whose size is a power of two
// and grows as needed. The zero value is empty.
type ring struct {
	slots []func()
	first int
	len   int
}

const (
	minRing = 16
	// maxIdleRing is how large the buffer of an empty ring may be to be kept.
	maxIdleRing = 2048
)

func (q *ring) push(fn func()) {
	if q.len == len(q.slots) {
		q.grow()
	}
	q.slots[(q.first+q.len)&(len(q.slots)-1)] = fn
	q.len++
}

// pop removes the first function. There must be one.
func (q *ring) pop() func() {
	slot := &q.slots[q.first]
	fn := *slot
	*slot = nil
	q.first = (q.first + 1) & (len(q.slots) - 1)
	q.len--
	return fn
}

func (q *ring) grow() {
	slots := make([]func(), max(minRing, 2*len(q.slots)))
	n := copy(slots, q.slots[q.first:])
	copy(slots[n:], q.slots[:q.first])
	q.slots, q.first = slots, 0
}

// trim gives back a large buffer that is empty.
func (q *ring) trim() {
	if q.len == 0 && len(q.slots) > maxIdleRing {
		*q = ring{}
	}
}

// clear drops all functions and returns how many there were.
func (q *ring) clear() int {
	n := q.len
	*q = ring{}
	return n
}
