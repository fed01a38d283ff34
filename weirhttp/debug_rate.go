package weirhttp

import (
	"slices"

	"github.com/weirgo/weir"
)

// rate returns by how much the i-th metric of a component grows, per second.
func (s *survey) rate(last *past, i int, m weir.Metric) (perSecond float64, known bool) {
	if last == nil || m.Kind != weir.Counter {
		return 0, false
	}
	seconds := s.at.Sub(s.since).Seconds()
	before, ok := valueIn(last.metrics, i, m)
	if !ok || before > m.Value || seconds <= 0 {
		return 0, false
	}
	return (m.Value - before) / seconds, true
}

// valueIn finds the value of the same metric, which is at the same place unless
// others have come.
func valueIn(metrics []weir.Metric, i int, m weir.Metric) (float64, bool) {
	if i < len(metrics) && sameMetric(metrics[i], m) {
		return metrics[i].Value, true
	}
	for _, other := range metrics {
		if sameMetric(other, m) {
			return other.Value, true
		}
	}
	return 0, false
}

func sameMetric(a, b weir.Metric) bool {
	return a.Name == b.Name && slices.Equal(a.Labels, b.Labels)
}
