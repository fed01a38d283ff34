package executors

import "github.com/weirgo/weir"

// counts are counters that only grow. The lock of their engine guards them.
type counts struct{ accepted, handled, failed, batches, retries, refused uint64 }

func (c *counts) pending() int { return int(c.accepted - c.handled - c.failed) }

// Stats is a snapshot of an executor. The first five are gauges, the others counters
// that only grow. Accepted is the sum of Handled, Failed and Pending.
type Stats struct {
	Pending int // items accepted and not settled
	Filling int // of these, the ones whose batch is not closed yet
	Queued  int // batches closed, for a worker to take
	Running int // batches with a worker: in Handle, between tries, or in OnError
	Waiting int // callers in Add, in line for room

	Accepted uint64 // items added
	Handled  uint64 // of these, the ones that Handle returned nil for
	Failed   uint64 // of these, the ones given up; OnError has seen them
	Batches  uint64 // settled, in whichever way
	Retries  uint64 // calls of Handle with a batch that had failed before
	Refused  uint64 // items refused with ErrFull
}

func (e *engine[T, B]) stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Stats{
		Pending:  e.counts.pending(),
		Filling:  e.count,
		Queued:   e.queue.len,
		Running:  e.running.len,
		Waiting:  e.room.len,
		Accepted: e.counts.accepted,
		Handled:  e.counts.handled,
		Failed:   e.counts.failed,
		Batches:  e.counts.batches,
		Retries:  e.counts.retries,
		Refused:  e.counts.refused,
	}
}

func (e *engine[T, B]) metrics(yield func(weir.Metric) bool) {
	st := e.stats()
	labels := []weir.Label{{Name: "name", Value: e.name}}
	for _, m := range []weir.Metric{
		{Name: "weir_executor_pending", Help: "Items accepted and not settled.", Value: float64(st.Pending)},
		{Name: "weir_executor_filling", Help: "Items whose batch is not closed yet.", Value: float64(st.Filling)},
		{Name: "weir_executor_queued_batches", Help: "Batches that wait for a worker.", Value: float64(st.Queued)},
		{Name: "weir_executor_running_batches", Help: "Batches with a worker.", Value: float64(st.Running)},
		{Name: "weir_executor_waiting", Help: "Callers that wait for room for an item.", Value: float64(st.Waiting)},
		{Name: "weir_executor_accepted_total", Help: "Items accepted.", Kind: weir.Counter, Value: float64(st.Accepted)},
		{Name: "weir_executor_handled_total", Help: "Items handled.", Kind: weir.Counter, Value: float64(st.Handled)},
		{Name: "weir_executor_failed_total", Help: "Items given up.", Kind: weir.Counter, Value: float64(st.Failed)},
		{Name: "weir_executor_batches_total", Help: "Batches settled.", Kind: weir.Counter, Value: float64(st.Batches)},
		{Name: "weir_executor_retries_total", Help: "Batches tried again.", Kind: weir.Counter, Value: float64(st.Retries)},
		{Name: "weir_executor_refused_total", Help: "Items refused for want of room.", Kind: weir.Counter, Value: float64(st.Refused)},
	} {
		m.Labels = labels
		if !yield(m) {
			return
		}
	}
}
