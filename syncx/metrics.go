package syncx

import "github.com/weirgo/weir"

// ResourceStats is a snapshot of a [ResourceManager]; both are gauges.
type ResourceStats struct {
	Resources int // that there are, one for each key
	Busy      int // creates that run, and resources that Close closes
}

// Stats returns a snapshot, all of one moment.
func (m *ResourceManager[K, V]) Stats() ResourceStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return ResourceStats{Resources: len(m.resources), Busy: m.busy}
}

// Metrics implements [weir.Source].
func (m *ResourceManager[K, V]) Metrics(yield func(weir.Metric) bool) {
	st := m.Stats()
	labels := []weir.Label{{Name: "name", Value: m.Name}}
	for _, metric := range [...]weir.Metric{
		{Name: "weir_resources", Help: "Resources that there are, one for each key.", Labels: labels, Value: float64(st.Resources)},
		{Name: "weir_resources_busy", Help: "Resources that are being created or closed.", Labels: labels, Value: float64(st.Busy)},
	} {
		if !yield(metric) {
			return
		}
	}
}
