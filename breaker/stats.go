package breaker

import (
	"sync/atomic"
	"time"
)

// Stats is a snapshot of a [Breaker].
type Stats struct {
	State     State
	DropRatio float64       // the probability, 0 to 1, with which a call is refused now
	Usual     time.Duration // how long successes usually take; 0 if there was none

	// What the sliding window holds now.
	WindowAccepted, WindowFailed, WindowThrottled uint64

	// Counters that only grow, of all calls so far.
	Accepted uint64 // successes
	Failed   uint64 // failures, overloads and slow calls
	Ignored  uint64 // cancelled, refused further down, or in too much of a hurry
	Refused  uint64 // not admitted
	Spared   uint64 // admitted by DryRun only
	Trips    uint64 // how often the breaker opened

	// Reasons are the last five different reasons of failures, newest first.
	Reasons []Reason
}

// Stats returns a snapshot. Under concurrent use its numbers are of slightly
// different moments. It costs about a microsecond.
func (b *Breaker) Stats() Stats {
	state := b.State()
	now := b.now()
	h := b.window.history(b.window.epoch(now))
	st := Stats{
		State:           state,
		Usual:           time.Duration(b.usual.duration.Load()),
		WindowAccepted:  uint64(h.accepted),
		WindowFailed:    uint64(h.failed),
		WindowThrottled: uint64(h.refused),
		Accepted:        b.total(accepted),
		Failed:          b.total(failed),
		Ignored:         b.ignored.Load(),
		Refused:         b.denied.Load(),
		Spared:          b.spared.Load(),
		Trips:           b.trips.Load(),
		Reasons:         b.reasons.Load().snapshot(),
	}
	switch state {
	case Open, ForcedOpen:
		st.DropRatio = 1
	case Throttling:
		st.DropRatio = verdict(b.verdict.Load()).ratio()
	}
	return st
}

// total returns how many events of the kind were counted, but never less than it
// returned before: while a bucket is used again, its count is missed for a moment.
func (b *Breaker) total(kind int) uint64 { return raise(&b.counted[kind], b.window.total(kind)) }

// raise lifts mark to v if it is lower, and returns the higher of the two.
func raise(mark *atomic.Uint64, v uint64) uint64 {
	for {
		high := mark.Load()
		if high >= v {
			return high
		}
		if mark.CompareAndSwap(high, v) {
			return v
		}
	}
}
