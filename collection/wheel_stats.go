package collection

import "github.com/weirgo/weir"

// TimedStats is a snapshot of a [TimingWheel] or of [Timers]. The first three are
// gauges, the others counters that only grow; Added is the sum of Fired, Removed,
// Drained and Pending.
type TimedStats struct {
	Pending int // entries that have not fired, or been removed or drained
	Due     int // of these, how many wait for a worker: with any, Workers is too low
	Running int // callbacks that run now

	Added    uint64 // entries that became pending, also again
	Fired    uint64 // callbacks started
	Removed  uint64 // by Remove or Stop
	Drained  uint64 // handed out by Drain
	Panicked uint64 // callbacks that panicked
}

func (c *clockwork[T]) stats() TimedStats {
	c.lock() // together, so that the sums agree
	defer c.unlock()
	st := TimedStats{Due: c.readies, Running: c.crew.running, Fired: c.fired, Panicked: c.panicked}
	for i := range c.shards {
		s := &c.shards[i]
		st.Pending += int(s.pending)
		st.Due += s.dues
		st.Added += s.added
		st.Removed += s.removed
		st.Drained += s.drained
	}
	return st
}

// metrics yields what stats returns, under names that begin with prefix.
func (c *clockwork[T]) metrics(prefix string, yield func(weir.Metric) bool) {
	st := c.stats()
	labels := []weir.Label{{Name: "name", Value: c.name}}
	for _, m := range [...]weir.Metric{
		{Name: "pending", Help: "Entries that have yet to fire.", Value: float64(st.Pending)},
		{Name: "due", Help: "Entries that are due and wait for a worker.", Value: float64(st.Due)},
		{Name: "running", Help: "Callbacks that run.", Value: float64(st.Running)},
		{Name: "added_total", Help: "Entries that became pending.", Kind: weir.Counter, Value: float64(st.Added)},
		{Name: "fired_total", Help: "Callbacks started.", Kind: weir.Counter, Value: float64(st.Fired)},
		{Name: "removed_total", Help: "Entries removed before they fired.", Kind: weir.Counter, Value: float64(st.Removed)},
		{Name: "drained_total", Help: "Entries drained before they fired.", Kind: weir.Counter, Value: float64(st.Drained)},
		{Name: "panics_total", Help: "Callbacks that panicked.", Kind: weir.Counter, Value: float64(st.Panicked)},
	} {
		m.Name, m.Labels = prefix+m.Name, labels
		if !yield(m) {
			return
		}
	}
}
