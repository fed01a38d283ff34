package limit

import "github.com/weirgo/weir"

// ConcurrencyStats is a snapshot of a [Concurrency]. The first three are gauges,
// the others counters that only grow.
type ConcurrencyStats struct {
	Max      int // permits there are
	InFlight int // permits out now
	Waiting  int // calls in the queue now

	// Admitted counts permits handed out so far, those in flight included, and
	// those that came to a queued call just as its context was done.
	Admitted  uint64
	Refused   uint64 // calls refused with ErrFull
	TimedOut  uint64 // calls refused with ErrQueueTimeout
	Reclaimed uint64 // permits taken back after MaxHold
}

// Stats looks at every permit, so it costs some nanoseconds for each. Under
// concurrent use the numbers are of slightly different moments.
func (l *Concurrency) Stats() ConcurrencyStats {
	st := ConcurrencyStats{
		Max:       l.opts.Max,
		Waiting:   int(l.waiting.Load()),
		Refused:   l.refused.Load(),
		TimedOut:  l.timedOut.Load(),
		Reclaimed: l.reclaim.revoked.Load(),
	}
	l.slots.each(func(s *slot) {
		st.Admitted += s.Issued()
		if _, out := s.Outstanding(); out {
			st.InFlight++
		}
	})
	return st
}

// Metrics implements [weir.Source].
func (l *Concurrency) Metrics(yield func(weir.Metric) bool) {
	st := l.Stats()
	labels := []weir.Label{{Name: "name", Value: l.opts.Name}}
	for _, m := range []weir.Metric{
		{Name: "weir_concurrency_max", Help: "Calls that may be in flight at a time.", Value: float64(st.Max)},
		{Name: "weir_concurrency_in_flight", Help: "Calls in flight.", Value: float64(st.InFlight)},
		{Name: "weir_concurrency_waiting", Help: "Calls waiting in the queue.", Value: float64(st.Waiting)},
		{Name: "weir_concurrency_admitted_total", Help: "Calls admitted.", Kind: weir.Counter, Value: float64(st.Admitted)},
		{Name: "weir_concurrency_refused_total", Help: "Calls refused because limit and queue were full.", Kind: weir.Counter, Value: float64(st.Refused)},
		{Name: "weir_concurrency_timed_out_total", Help: "Calls refused after waiting in the queue.", Kind: weir.Counter, Value: float64(st.TimedOut)},
		{Name: "weir_concurrency_reclaimed_total", Help: "Permits taken back because they seemed forgotten.", Kind: weir.Counter, Value: float64(st.Reclaimed)},
	} {
		m.Labels = labels
		if !yield(m) {
			return
		}
	}
}
