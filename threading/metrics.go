package threading

import "github.com/weirgo/weir"

// Panics is a [weir.Source] of what [Recovered] returns: the panics that this package
// has recovered in this process, those of task runners and worker groups included.
type Panics struct{}

// Metrics implements [weir.Source].
func (Panics) Metrics(yield func(weir.Metric) bool) {
	yield(weir.Metric{
		Name: "weir_threading_panics_total", Help: "Panics recovered, those of task runners and worker groups included.",
		Kind: weir.Counter, Value: float64(Recovered()),
	})
}

// StableStats is a snapshot of a [StableRunner]. The first four are gauges, the others
// counters that only grow.
type StableStats struct {
	Workers int // inputs that may be worked on at a time
	Running int // inputs that are being worked on
	Buffer  int // outputs that may be owed at a time
	Owed    int // inputs pushed whose outputs have not been got

	Pushed uint64 // inputs
	Done   uint64 // of these, the ones that have an output, or an error instead
}

// Stats returns a snapshot. Under concurrent use its numbers are of slightly different
// moments.
func (s *StableRunner[I, O]) Stats() StableStats {
	tasks := s.tasks.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	return StableStats{
		Workers: tasks.Workers,
		Running: tasks.Running,
		Buffer:  s.buffer,
		Owed:    s.owed,
		Pushed:  tasks.Accepted,
		Done:    tasks.Done,
	}
}

// Metrics implements [weir.Source].
func (s *StableRunner[I, O]) Metrics(yield func(weir.Metric) bool) {
	st := s.Stats()
	labels := []weir.Label{{Name: "name", Value: s.name}}
	for _, m := range [...]weir.Metric{
		{Name: "weir_stable_runner_workers", Help: "Inputs that may be worked on at a time.", Value: float64(st.Workers)},
		{Name: "weir_stable_runner_running", Help: "Inputs that are being worked on.", Value: float64(st.Running)},
		{Name: "weir_stable_runner_buffer", Help: "Outputs that may be owed at a time.", Value: float64(st.Buffer)},
		{Name: "weir_stable_runner_owed", Help: "Inputs whose outputs have not been got.", Value: float64(st.Owed)},
		{Name: "weir_stable_runner_pushed_total", Help: "Inputs pushed.", Kind: weir.Counter, Value: float64(st.Pushed)},
		{Name: "weir_stable_runner_done_total", Help: "Inputs worked on.", Kind: weir.Counter, Value: float64(st.Done)},
	} {
		m.Labels = labels
		if !yield(m) {
			return
		}
	}
}
