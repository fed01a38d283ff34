package load

import "github.com/weirgo/weir"

// Metrics implements [weir.Source].
func (s *Shedder) Metrics(yield func(weir.Metric) bool) {
	st := s.Stats()
	name := weir.Label{Name: "name", Value: s.opts.Name}
	metrics := gauges(st, name)
	metrics = append(metrics, counters(st, name)...)
	metrics = append(metrics, signalMetrics(st.Signals, name)...)
	for _, m := range metrics {
		if !yield(m) {
			return
		}
	}
}

func gauges(st Stats, name weir.Label) []weir.Metric {
	gauge := func(metric, help string, v float64) weir.Metric {
		return weir.Metric{Name: "weir_shedder_" + metric, Help: help, Labels: []weir.Label{name}, Value: v}
	}
	all := []weir.Metric{
		gauge("in_flight", "Calls that were admitted and have not ended.", float64(st.InFlight)),
		gauge("waiting", "Calls in the queue.", float64(st.Waiting)),
		gauge("workers", "Calls that are really worked on at a time, as measured; 0 is not known yet.", st.Workers),
		gauge("capacity_per_second", "Calls per second that can be done, as measured; 0 is not known yet.", st.Rate),
		gauge("offered_per_second", "Calls per second that are done or find no room.", st.Offered),
		gauge("service_seconds", "How long a call takes that need not wait, as measured; 0 is not known yet.", st.Service.Seconds()),
		gauge("pushback_ratio", "Share of the calls refused because they are refused further down.", st.Pushback),
	}
	for i, limit := range st.Limits {
		m := gauge("limit", "How many calls may be in flight for one of the class to be admitted.", float64(limit))
		m.Labels = append(m.Labels, weir.Label{Name: "class", Value: classAt(i).String()})
		all = append(all, m)
	}
	return all
}

func counters(st Stats, name weir.Label) (all []weir.Metric) {
	calls := func(outcome string, n uint64) {
		all = append(all, weir.Metric{
			Name: "weir_shedder_calls_total", Help: "Calls by what became of them.", Kind: weir.Counter,
			Labels: []weir.Label{name, {Name: "outcome", Value: outcome}}, Value: float64(n),
		})
	}
	calls("success", st.Succeeded)
	calls("failure", st.Failed)
	calls("overloaded", st.Overloaded)
	calls("ignored", st.Ignored)
	calls("forgotten", st.Forgotten)
	calls("refused", st.Refused)
	all = append(all, weir.Metric{
		Name: "weir_shedder_timed_out_total", Help: "Failed calls whose deadline had passed.", Kind: weir.Counter,
		Labels: []weir.Label{name}, Value: float64(st.TimedOut),
	})
	all = append(all, reasons("refusals", "Refused calls by reason and class.", st.Refusals, name)...)
	return append(all, reasons("spared", "Calls that DryRun admitted, by what they would have been refused for.", st.SparedFrom, name)...)
}

func reasons(metric, help string, counts []RefusalCount, name weir.Label) (all []weir.Metric) {
	for _, r := range counts {
		all = append(all, weir.Metric{
			Name: "weir_shedder_" + metric + "_total", Help: help, Kind: weir.Counter,
			Labels: []weir.Label{name, {Name: "reason", Value: r.Reason.String()}, {Name: "class", Value: r.Class.String()}},
			Value:  float64(r.Count),
		})
	}
	return all
}

func signalMetrics(signals []SignalStats, name weir.Label) (all []weir.Metric) {
	for _, s := range signals {
		gauge := func(metric, help string, v float64) {
			all = append(all, weir.Metric{
				Name: "weir_shedder_signal_" + metric, Help: help,
				Labels: []weir.Label{name, {Name: "signal", Value: s.Name}}, Value: v,
			})
		}
		readable := 1.0
		if s.Err != nil {
			readable = 0
		}
		gauge("level", "What the signal says: 1 and more is overloaded.", s.Level)
		gauge("squeeze_ratio", "Share of the traffic it may shed that the signal wants refused.", s.Squeeze)
		gauge("readable", "1 if the signal could be read, else 0.", readable)
	}
	return all
}
