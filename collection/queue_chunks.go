package collection

import (
	"math/bits"
	"unsafe"
)

// A chunk is a run of values in the order of coming.
type chunk[T any] struct {
	slots []T
	next  *chunk[T]
}

const (
	minChunk   = 8    // values
	maxChunk   = 256  // values
	chunkBytes = 4096 // that a chunk takes at most, unless minChunk takes more
)

// chunks is a list of chunks. Unlike one growing buffer it never moves a value,
// so that no call takes longer the more there are, and it gives memory back as
// it is emptied. The zero value is empty.
type chunks[T any] struct {
	first, last *chunk[T]
	from, to    int // the slot of the first value in first; the one after the last in last
	len         int
	spare       *chunk[T] // the last one emptied, so that a queue of even length allocates nothing
}

func (c *chunks[T]) push(v T) {
	if c.last == nil || c.to == len(c.last.slots) {
		c.grow()
	}
	c.last.slots[c.to] = v
	c.to++
	c.len++
}

// grow adds a chunk: the spare one if that is large enough.
func (c *chunks[T]) grow() {
	size := c.nextSize()
	added := c.spare
	c.spare = nil
	if added == nil || len(added.slots) < size {
		added = &chunk[T]{slots: make([]T, size)}
	}
	if c.last == nil {
		c.first = added
	} else {
		c.last.next = added
	}
	c.last, c.to = added, 0
}

// nextSize doubles the room, as long as that is no larger than a chunk may be.
func (c *chunks[T]) nextSize() int {
	var v T
	largest := max(minChunk, min(maxChunk, chunkBytes/max(1, int(unsafe.Sizeof(v)))))
	return max(minChunk, min(1<<bits.Len(uint(c.len)), largest))
}

// pop removes the first value. There must be one.
func (c *chunks[T]) pop() (v T) {
	slot := &c.first.slots[c.from]
	v, *slot = *slot, v
	c.from++
	c.len--
	if c.len == 0 {
		// Begin anew in the same chunk, be it used up or not.
		c.from, c.to = 0, 0
	} else if c.from == len(c.first.slots) {
		c.shed()
	}
	return v
}

// shed drops the first chunk, which is used up, and is not the last.
func (c *chunks[T]) shed() {
	used := c.first
	c.first, c.from = used.next, 0
	used.next = nil
	c.spare = used
}
