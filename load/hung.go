package load

import (
	"sync/atomic"
	"time"
)

// A hungWatch finds out how many calls in flight have nothing to do with what is being
// worked on: they hang, or last for hours. These are left out of account, or they would
// take up the limit one by one.
//
// It watches the calls that are in flight at a moment. Those that have not ended a
// hundred usual latencies later, while others have, are taken to hang, each until it
// ends.
type hungWatch struct {
	since  atomic.Int64 // calls that began before are watched
	ended  atomic.Int64 // how many of them have ended
	before atomic.Int64 // calls that began before were watched last time: of them rest hang
	rest   atomic.Int64

	// Guarded by the control's mu.
	watched int64 // how many calls are watched
	done    total // what had ended then
}

const (
	// hungAfter is how long a call must last, at least, and in multiples of the
	// usual latency, to be taken to hang.
	hungAfter = int64(time.Second)
	hungRatio = 100
	// hungCalls is how many others must have ended meanwhile.
	hungCalls = 3
)

// look draws the conclusion if it is time. The caller holds the control's mu.
func (h *hungWatch) look(now int64, inFlight *atomic.Int64, done total) {
	others := done.since(h.done)
	if others.count() < hungCalls || now-h.since.Load() < max(hungAfter, int64(hungRatio*others.mean())) {
		return
	}
	h.before.Store(h.since.Load())
	h.rest.Store(max(0, h.watched-h.ended.Load()))
	h.done = done
	h.ended.Store(0)
	atFirst := inFlight.Load()
	h.since.Store(now)
	h.watched = min(atFirst, inFlight.Load()) // rather one too few
}

// gone is told that a call has ended that was admitted at start.
func (h *hungWatch) gone(start int64) {
	if start >= h.since.Load() {
		return
	}
	h.ended.Add(1)
	if start >= h.before.Load() {
		return
	}
	for n := h.rest.Load(); n > 0 && !h.rest.CompareAndSwap(n, n-1); {
		n = h.rest.Load()
	}
}
