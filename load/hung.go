package load

import (
	"math"
	"time"
)

// A hungWatch finds out how many of the calls in flight have nothing to do with what
// is being worked on: they hang, or last for hours. By Little's law, throughput times
// latency of the calls that end is how many of them are in flight on average; what is
// always in flight beyond that never ends. These are left out of account, or they would
// take up the limit one by one.
//
// The holder of the control's mu owns it.
type hungWatch struct {
	begun int64
	done  total
	least int64 // calls in flight
}

const (
	// hungAfter is how long a call must last, at least, and in multiples of the
	// usual latency, to be taken to hang.
	hungAfter = int64(time.Second)
	hungRatio = 100
	// hungCalls is how many others must have ended meanwhile.
	hungCalls = 3
)

// look takes in how many calls are in flight now, and how many have ended so far. It
// returns how many hang, false if it is too early to say.
func (h *hungWatch) look(now, inFlight int64, done total) (hung int64, ok bool) {
	h.least = min(h.least, inFlight)
	ended := done.since(h.done)
	lasted := float64(now - h.begun)
	if ended.count() < hungCalls || lasted < max(float64(hungAfter), hungRatio*ended.mean()) {
		return 0, false
	}
	alive := float64(ended.sum) / lasted
	hung = max(0, h.least-int64(math.Round(alive)))
	*h = hungWatch{begun: now, done: done, least: inFlight}
	return hung, true
}
