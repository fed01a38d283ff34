package weirhttp

import (
	"iter"

	"github.com/weirgo/weir"
)

// Parts ranges over what has the metrics of the transport, one by one: itself, its
// budget, its limits and its breakers.
func (t *Transport) Parts() iter.Seq[weir.Source] {
	return func(yield func(weir.Source) bool) {
		if !yield(ownMetrics{t}) || t.opts.Budget != nil && !yield(t.opts.Budget) {
			return
		}
		if t.limit != nil && !yield(t.limit) {
			return
		}
		if t.hosts != nil && t.opts.HostLimit.Max > 0 {
			for _, h := range t.hosts.all() {
				if !yield(h.limit) {
					return
				}
			}
		}
		if t.breakers != nil {
			yield(t.breakers)
		}
	}
}

// ownMetrics are those of a transport that are not of its parts.
type ownMetrics struct{ of *Transport }

func (m ownMetrics) Metrics(yield func(weir.Metric) bool) { m.of.own(yield) }
