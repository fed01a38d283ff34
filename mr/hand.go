package mr

import (
	"sync/atomic"
	"time"
)

const (
	// maxChunk is how many items of a slice are claimed in one go at most.
	maxChunk = 2048
	// stretches is how many a chunk has at least, if it has so many items. A stretch
	// is so long at most.
	stretches  = 16
	maxStretch = 128
)

// A hand is a worker of chunks.
type hand struct {
	// cursor has the next number to begin, less base, and above 32 bits the end of
	// what was claimed. The hand moves the next; others move the end, and the hand
	// moves both, under the lock only.
	cursor atomic.Uint64
	base   int // written under the lock
	number int // which of the hands it is

	// Of the hand, and of whoever calls it.
	size  int           // how many numbers to claim
	step  int           // how many of them to begin in one go
	began time.Duration // since the epoch

	loaded bool // counted in chunks.loaded; guarded by the lock
	_      [64]byte
}

// holdLocked is called with what h has claimed. The first stretch is begun, so that
// nobody takes it away.
func (h *hand) holdLocked(base, n int) {
	h.base = base
	h.step = min(maxStretch, max(1, n/stretches))
	h.cursor.Store(uint64(h.step) | uint64(n)<<32)
}

// begun is the stretch that was begun with the claim.
func (h *hand) begun() (from, to int) { return h.base, h.base + h.step }

// begin takes the next stretch; there is none if from is to.
func (h *hand) begin() (from, to int) {
	for {
		c := h.cursor.Load()
		next, end := int(uint32(c)), int(c>>32)
		n := min(h.step, end-next)
		if n == 0 || h.cursor.CompareAndSwap(c, c+uint64(n)) {
			return h.base + next, h.base + next + n
		}
	}
}

// putBackLocked undoes the begin of so many numbers, and makes the next stretches as
// short as they can be. It is called by the hand.
func (h *hand) putBackLocked(n int) {
	h.step = 1
	h.cursor.Store(h.cursor.Load() - uint64(n))
}

// leftLocked is how many numbers are claimed and not begun.
func (h *hand) leftLocked() int {
	c := h.cursor.Load()
	return int(c>>32) - int(uint32(c))
}

// giveLocked takes away the later half of what is not begun: where it begins, and how
// many numbers it has. The hand goes on with the earlier half, so that a number still
// may wait for those before it.
func (h *hand) giveLocked() (base, n int) {
	for {
		c := h.cursor.Load()
		next, end := int(uint32(c)), int(c>>32)
		n = (end - next + 1) / 2
		if n == 0 || h.cursor.CompareAndSwap(c, c-uint64(n)<<32) {
			return h.base + end - n, n
		}
	}
}

func (h *hand) resize(took time.Duration) {
	h.size = resize(h.size, maxChunk, took)
}
