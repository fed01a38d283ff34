package collection

import (
	"iter"
	"sync"
)

// A Ring keeps the last values that were added, up to a number: the recent errors
// to show on a page, the calls before a crash.
//
// It is made by [NewRing]; the zero value has no room, and its Add panics. It must
// not be copied. All methods are safe for concurrent use. Add takes a short lock
// and allocates only until the ring is full; memory is that of the values it
// holds, so a large ring that is hardly used is small. What reads several values
// copies them under the lock, and sees the ring as it was at that instant.
type Ring[T any] struct {
	max int // never changes

	mu     sync.Mutex
	values []T // guarded by mu; in the order of coming, from oldest around
	oldest int // guarded by mu; 0 until values is full
}

// NewRing returns an empty ring for the last n values. It panics if n is less
// than 1.
func NewRing[T any](n int) *Ring[T] {
	if n < 1 {
		panic("collection: NewRing needs room for at least 1 value")
	}
	return &Ring[T]{max: n}
}

// Add makes v the last value. If the ring is full, the oldest one is forgotten.
func (r *Ring[T]) Add(v T) {
	if r.max == 0 {
		panic("collection: a Ring must be made by NewRing")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.values) < r.max {
		r.growLocked()
		r.values = append(r.values, v)
		return
	}
	r.values[r.oldest] = v
	r.oldest++
	if r.oldest == r.max {
		r.oldest = 0
	}
}

// growLocked makes room for one more, and never for more than there may be, which
// append would.
func (r *Ring[T]) growLocked() {
	if n := len(r.values); n == cap(r.values) {
		bigger := make([]T, n, n+min(max(8, n), r.max-n))
		copy(bigger, r.values)
		r.values = bigger
	}
}

// All ranges over the values, oldest first, as they are when the range starts.
// The body of the loop may take its time and may use the ring.
func (r *Ring[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, v := range r.Slice() {
			if !yield(v) {
				return
			}
		}
	}
}

// Slice returns a copy of the values, oldest first; nil if there are none.
func (r *Ring[T]) Slice() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.values) == 0 {
		return nil
	}
	all := make([]T, 0, len(r.values))
	return append(append(all, r.values[r.oldest:]...), r.values[:r.oldest]...)
}

// Last returns the value that was added last, if there is one.
func (r *Ring[T]) Last() (v T, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.values)
	if n == 0 {
		return v, false
	}
	// The last value stands before the oldest one, or at the end.
	if r.oldest > 0 {
		n = r.oldest
	}
	return r.values[n-1], true
}

// Len is how many values there are.
func (r *Ring[T]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.values)
}

// Cap is how many values there can be.
func (r *Ring[T]) Cap() int { return r.max }

// Clear forgets all values, and gives back the memory.
func (r *Ring[T]) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values, r.oldest = nil, 0
}
