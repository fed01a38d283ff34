package threading

import "github.com/weirgo/weir"

type workerCounts struct{ started, panicked uint64 }

// WorkerStats is a snapshot of a [WorkerGroup]. The first two are gauges, the
// others counters that only grow.
type WorkerStats struct {
	Workers int // that there are when all work
	Live    int // that have been started and have not ended for good

	Started  uint64 // jobs begun, the first ones and those that were run again
	Panicked uint64 // of these, the ones that have panicked
}

// Stats returns a snapshot, all of one moment.
func (g *WorkerGroup) Stats() WorkerStats {
	g.mu.Lock()
	defer g.mu.Unlock()
	return WorkerStats{
		Workers:  g.opts.Workers,
		Live:     g.live,
		Started:  g.counts.started,
		Panicked: g.counts.panicked,
	}
}

// Metrics implements [weir.Source].
func (g *WorkerGroup) Metrics(yield func(weir.Metric) bool) {
	st := g.Stats()
	labels := []weir.Label{{Name: "name", Value: g.opts.Name}}
	for _, m := range []weir.Metric{
		{Name: "weir_worker_group_workers", Help: "Workers that there are when all work.", Value: float64(st.Workers)},
		{Name: "weir_worker_group_live", Help: "Workers that have not ended.", Value: float64(st.Live)},
		{Name: "weir_worker_group_started_total", Help: "Jobs begun.", Kind: weir.Counter, Value: float64(st.Started)},
		{Name: "weir_worker_group_panics_total", Help: "Jobs that have panicked.", Kind: weir.Counter, Value: float64(st.Panicked)},
	} {
		m.Labels = labels
		if !yield(m) {
			return
		}
	}
}
