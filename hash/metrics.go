package hash

import "github.com/weirgo/weir"

// Metrics implements [weir.Source].
func (r *Ring[N]) Metrics(yield func(weir.Metric) bool) {
	st := r.Stats()
	labels := []weir.Label{{Name: "name", Value: r.opts.Label}}
	for _, m := range [...]weir.Metric{
		{Name: "weir_hash_ring_nodes", Help: "Nodes in the ring.", Value: float64(st.Nodes)},
		{Name: "weir_hash_ring_slots", Help: "Slots that keys are spread over.", Value: float64(st.Slots)},
		{Name: "weir_hash_ring_weight", Help: "Weight of all nodes together.", Value: float64(st.Weight)},
		{Name: "weir_hash_ring_in_flight", Help: "Acquired and not done, on nodes that are in the ring.", Value: float64(st.InFlight)},
		{Name: "weir_hash_ring_acquired_total", Help: "Calls that were given a node.", Kind: weir.Counter, Value: float64(st.Acquired)},
		{Name: "weir_hash_ring_diverted_total", Help: "Calls that were given another node than their first one, for its load.", Kind: weir.Counter, Value: float64(st.Diverted)},
	} {
		m.Labels = labels
		if !yield(m) {
			return
		}
	}
}
