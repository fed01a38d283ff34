package breaker

import "github.com/weirgo/weir"

// Metrics implements [weir.Source]. Where there are thousands of breakers it counts
// what it allocates: the labels of all metrics are in one place.
func (b *Breaker) Metrics(yield func(weir.Metric) bool) {
	st := b.Stats()
	labels := labelsOf(b.opts.Name)
	name := labels[:1:1]
	const (
		calls, callsHelp   = "weir_breaker_calls_total", "Calls by what became of them."
		window, windowHelp = "weir_breaker_window_calls", "Calls within the sliding window by what became of them."
	)
	for _, m := range [...]weir.Metric{
		{Name: calls, Help: callsHelp, Kind: weir.Counter, Labels: labels.of(atSuccess), Value: float64(st.Accepted)},
		{Name: calls, Help: callsHelp, Kind: weir.Counter, Labels: labels.of(atFailure), Value: float64(st.Failed)},
		{Name: calls, Help: callsHelp, Kind: weir.Counter, Labels: labels.of(atIgnored), Value: float64(st.Ignored)},
		{Name: calls, Help: callsHelp, Kind: weir.Counter, Labels: labels.of(atRefused), Value: float64(st.Refused)},
		{Name: "weir_breaker_spared_total", Help: "Calls admitted by a dry run only.", Kind: weir.Counter, Labels: name, Value: float64(st.Spared)},
		{Name: "weir_breaker_trips_total", Help: "How often the breaker opened.", Kind: weir.Counter, Labels: name, Value: float64(st.Trips)},
		{Name: "weir_breaker_drop_ratio", Help: "Probability with which a call is refused.", Labels: name, Value: st.DropRatio},
		{Name: window, Help: windowHelp, Labels: labels.of(atSuccess), Value: float64(st.WindowAccepted)},
		{Name: window, Help: windowHelp, Labels: labels.of(atFailure), Value: float64(st.WindowFailed)},
		{Name: window, Help: windowHelp, Labels: labels.of(atRefused), Value: float64(st.WindowThrottled)},
		{Name: "weir_breaker_usual_seconds", Help: "How long successes usually take.", Labels: name, Value: st.Usual.Seconds()},
		{Name: "weir_breaker_state", Help: "State: 0 closed, 1 throttling, 2 open, 3 forced open, 4 disabled, 5 dry run.", Labels: name, Value: float64(st.State)},
	} {
		if !yield(m) {
			return
		}
	}
}

// Metrics implements [weir.Source]: those of each breaker, the overflow breaker
// last. A breaker has 12 of them, so MaxKeys bounds how many there are at a time:
// 120,012 with the default. Over time there may be more, as keys that are dropped
// make room for others: what has no bound, such as users, is no key for a Group that
// is a source of metrics.
func (g *Group[K]) Metrics(yield func(weir.Metric) bool) {
	stopped := false
	each := func(m weir.Metric) bool {
		stopped = !yield(m)
		return !stopped
	}
	var some []*Breaker
	for i := range g.shards {
		some = g.shards[i].appendTo(some[:0])
		for _, b := range some {
			if b.Metrics(each); stopped {
				return
			}
		}
	}
	g.overflow.Metrics(each)
}

func (s *shard[K]) appendTo(list []*Breaker) []*Breaker {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.breakers {
		list = append(list, b)
	}
	return list
}

// The places of the outcomes in labels.
const (
	atSuccess = 2 * iota
	atFailure
	atIgnored
	atRefused
)

// labels are pairs of the breaker's name and an outcome.
type labels [8]weir.Label

func labelsOf(breaker string) *labels {
	name := weir.Label{Name: "name", Value: breaker}
	outcome := func(value string) weir.Label { return weir.Label{Name: "outcome", Value: value} }
	return &labels{
		atSuccess: name, atSuccess + 1: outcome("success"),
		atFailure: name, atFailure + 1: outcome("failure"),
		atIgnored: name, atIgnored + 1: outcome("ignored"),
		atRefused: name, atRefused + 1: outcome("refused"),
	}
}

func (l *labels) of(outcome int) []weir.Label { return l[outcome : outcome+2 : outcome+2] }
