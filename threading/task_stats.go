package threading

import "github.com/weirgo/weir"

type counts struct{ accepted, done, panicked, refused, dropped uint64 }

// TaskStats is a snapshot of a [TaskRunner]. The first four are gauges, the others
// counters that only grow.
type TaskStats struct {
	Workers int // tasks that may run at a time
	Running int // tasks begun and not done
	Queued  int // tasks accepted and not begun
	Waiting int // callers in Schedule, in line for room

	Accepted uint64 // tasks scheduled
	Done     uint64 // of these, the ones that have ended, in whichever way
	Panicked uint64 // of those, the ones that have panicked
	Dropped  uint64 // of Accepted, the ones that Close dropped
	Refused  uint64 // tasks that TrySchedule did not take
}

// Stats returns a snapshot, all of one moment.
func (r *TaskRunner) Stats() TaskStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return TaskStats{
		Workers:  r.opts.Workers,
		Running:  r.crew.running,
		Queued:   r.tasks.len,
		Waiting:  r.room.len,
		Accepted: r.counts.accepted,
		Done:     r.counts.done,
		Panicked: r.counts.panicked,
		Dropped:  r.counts.dropped,
		Refused:  r.counts.refused,
	}
}

// Metrics implements [weir.Source].
func (r *TaskRunner) Metrics(yield func(weir.Metric) bool) {
	st := r.Stats()
	labels := []weir.Label{{Name: "name", Value: r.opts.Name}}
	for _, m := range []weir.Metric{
		{Name: "weir_task_runner_workers", Help: "Tasks that may run at a time.", Value: float64(st.Workers)},
		{Name: "weir_task_runner_running", Help: "Tasks that run.", Value: float64(st.Running)},
		{Name: "weir_task_runner_queued", Help: "Tasks that wait for a worker.", Value: float64(st.Queued)},
		{Name: "weir_task_runner_waiting", Help: "Callers that wait for room for a task.", Value: float64(st.Waiting)},
		{Name: "weir_task_runner_accepted_total", Help: "Tasks scheduled.", Kind: weir.Counter, Value: float64(st.Accepted)},
		{Name: "weir_task_runner_done_total", Help: "Tasks that have ended.", Kind: weir.Counter, Value: float64(st.Done)},
		{Name: "weir_task_runner_panics_total", Help: "Tasks that have panicked.", Kind: weir.Counter, Value: float64(st.Panicked)},
		{Name: "weir_task_runner_dropped_total", Help: "Tasks dropped before they began, as the runner was closed.", Kind: weir.Counter, Value: float64(st.Dropped)},
		{Name: "weir_task_runner_refused_total", Help: "Tasks refused for want of room.", Kind: weir.Counter, Value: float64(st.Refused)},
	} {
		m.Labels = labels
		if !yield(m) {
			return
		}
	}
}
