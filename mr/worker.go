package mr

import "sync/atomic"

// A worker is a goroutine that calls the user's function for items. Where these are
// cheap it claims several in one go. They stay in reach: who has nothing to do takes
// over what another has claimed and not begun. So a batch is a saving and no more,
// and no item waits behind a slow one while somebody is free.
type worker[T, S any] struct {
	// cursor has the next of items to begin, and above 32 bits the end of those
	// that were claimed. The worker moves the next; others move it too, and the
	// worker begins a new batch, under the crew's lock only.
	cursor atomic.Uint64
	state  S // of the user's function, see crew

	items []T  // what was claimed; written under the crew's lock
	held  int  // how many of items were written last; guarded by the lock
	base  int  // the position in the source of items[0]; written under the lock
	many  bool // counted in crew.loaded; guarded by the lock
	size  int  // how many items to claim
	_     [64]byte
}

// earliestLocked is the position in the source of the next item, if there is one.
func (w *worker[T, S]) earliestLocked() (at int, ok bool) {
	c := w.cursor.Load()
	return w.base + int(uint32(c)), uint32(c) != uint32(c>>32)
}

// next begins another one of the items that were claimed.
func (w *worker[T, S]) next() (i int, ok bool) {
	for {
		c := w.cursor.Load()
		next, end := uint32(c), uint32(c>>32)
		if next == end {
			return 0, false
		}
		if w.cursor.CompareAndSwap(c, c+1) {
			return int(next), true
		}
	}
}

// holdLocked is called with items that were just written, n of them. The first is
// begun, so that nobody takes it away.
func (w *worker[T, S]) holdLocked(base, n int) {
	w.base, w.held = base, n
	w.cursor.Store(1 | uint64(n)<<32)
}

// leftLocked is how many items are claimed and not begun.
func (w *worker[T, S]) leftLocked() int {
	c := w.cursor.Load()
	return int(uint32(c>>32) - uint32(c))
}

// giveLocked moves the earlier half of what is not begun into items, as far as there
// is room. It returns its position in the source and how many these are.
func (w *worker[T, S]) giveLocked(items []T) (base, n int) {
	for {
		c := w.cursor.Load()
		next, end := int(uint32(c)), int(uint32(c>>32))
		n = min((end-next+1)/2, len(items))
		if n == 0 {
			return 0, 0
		}
		if w.cursor.CompareAndSwap(c, c+uint64(n)) {
			copy(items, w.items[next:next+n])
			return w.base + next, n
		}
	}
}
