package limit

import "github.com/weirgo/weir"

// Metrics implements [weir.Source]. A memory that is the Store of one limiter only
// need not be a source: that limiter tells the same.
func (m *Memory) Metrics(yield func(weir.Metric) bool) {
	st := m.Stats()
	labels := []weir.Label{{Name: "name", Value: m.opts.Name}}
	for _, metric := range [...]weir.Metric{
		{Name: "weir_limit_memory_keys", Help: "Keys kept in memory.", Value: float64(st.Keys)},
		{Name: "weir_limit_memory_evicted_total", Help: "Idle keys dropped from memory.", Kind: weir.Counter, Value: float64(st.Evicted)},
		{Name: "weir_limit_memory_shared_total", Help: "Decisions about keys for which memory had no room.", Kind: weir.Counter, Value: float64(st.Shared)},
	} {
		metric.Labels = labels
		if !yield(metric) {
			return
		}
	}
}
