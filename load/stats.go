package load

import (
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// Stats is a snapshot of a [Shedder].
type Stats struct {
	InFlight int    // calls that were admitted and have not ended
	Limit    int    // how many may be in flight for the most critical calls to be admitted
	Limits   [4]int // the same for each class, from Sheddable up
	Waiting  int    // calls in the queue

	Workers float64 // how many calls are really worked on at a time; 0 is not known yet
	Rate    float64 // how many calls can be done, per second; 0 is not known yet
	// Offered is how many calls are done or find no room, per second. Those that are
	// refused for a signal, their caller, or what is refused further down are not in
	// it, nor are those that fail before their deadline.
	Offered  float64
	Service  time.Duration // how long a call takes that need not wait; 0 is not known yet
	Pushback float64       // which share of the calls, 0 to 1, is refused because they are further down

	// Counters that only grow, of all calls so far.
	Succeeded  uint64
	Failed     uint64 // those whose deadline had passed included
	TimedOut   uint64 // of Failed, those whose deadline had passed
	Overloaded uint64 // refused further down
	Ignored    uint64
	Forgotten  uint64 // permits that nobody settled, and the garbage collector found
	Refused    uint64 // not admitted
	Spared     uint64 // admitted by DryRun only

	Refusals   []RefusalCount // what Refused consists of
	SparedFrom []RefusalCount // what Spared consists of: what those calls would have been refused for
	Signals    []SignalStats
}

// A RefusalCount is how many calls of a class were refused for a reason, or would have
// been.
type RefusalCount struct {
	Reason Reason
	Class  weir.Criticality
	Count  uint64
}

// Stats returns a snapshot. Under concurrent use its numbers are of slightly
// different moments. It costs some microseconds.
func (s *Shedder) Stats() Stats {
	st := s.measured()
	m := &s.meter
	st.InFlight = int(m.inFlight.Load())
	st.TimedOut = m.timeout.Load()
	st.Succeeded = max(st.TimedOut, s.control.done()) - st.TimedOut
	st.Failed = m.failed.Load() + st.TimedOut
	st.Overloaded = m.pushed.Load()
	st.Ignored = m.ignored.Load()
	st.Forgotten = m.forgotten.Load()
	st.Refusals, st.Refused = list(&s.refused.counts)
	st.SparedFrom, st.Spared = list(&s.refused.spared)
	st.Signals = s.monitor.stats(s.now())
	if s.queue != nil {
		st.Waiting = int(s.queue.waiting.Load())
	}
	return st
}

// measured returns what the rules say.
func (s *Shedder) measured() (st Stats) {
	r := &s.rules
	for i := range st.Limits {
		st.Limits[i] = int(r.limits[i].Load())
	}
	st.Limit = st.Limits[numClasses-1]
	st.Rate = r.fast.Load() * float64(time.Second)
	st.Offered = r.offered.Load() * float64(time.Second)
	st.Service = time.Duration(r.service.Load())
	st.Pushback = r.pushback.Load()
	if st.Service > 0 {
		st.Workers = r.workers.Load()
	}
	return st
}

// list returns the counts that are not 0, and their sum.
func list(counts *[numReasons][numClasses]atomic.Uint64) (all []RefusalCount, sum uint64) {
	for reason := range counts {
		for class := range counts[reason] {
			if n := counts[reason][class].Load(); n > 0 {
				all = append(all, RefusalCount{Reason(reason), classAt(class), n})
				sum += n
			}
		}
	}
	return all, sum
}
