package suite

// Metric demands that a metric of subject is at most limit.
func Metric(subject, metric string, limit float64) Target {
	return Target{Subject: subject, Limit: limit, form: "%g", metric: metric,
		value: func(s, _ Sample) float64 { return s.Metrics[metric] }}
}

// MetricRatio demands that a metric of subject is at most limit times that of peer.
func MetricRatio(subject, metric string, limit float64, peer string) Target {
	return Target{Subject: subject, Peer: peer, Limit: limit, form: "%g x", metric: metric,
		value: func(s, p Sample) float64 { return s.Metrics[metric] / p.Metrics[metric] }}
}

// MetricAbove demands that a metric of subject is at most limit more than that of
// peer.
func MetricAbove(subject, metric string, limit float64, peer string) Target {
	return Target{Subject: subject, Peer: peer, Limit: limit, form: "%g above", metric: metric,
		value: func(s, p Sample) float64 { return s.Metrics[metric] - p.Metrics[metric] }}
}

// MetricBelow demands that a metric of subject, of which more is better, is at most
// limit less than that of peer.
func MetricBelow(subject, metric string, limit float64, peer string) Target {
	return Target{Subject: subject, Peer: peer, Limit: limit, form: "%g below", metric: metric,
		value: func(s, p Sample) float64 { return p.Metrics[metric] - s.Metrics[metric] }}
}
