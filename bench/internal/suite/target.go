package suite

import "fmt"

// A Target is an upper bound on a value computed from the samples of one round:
// those of its subject, and of a peer where it names one.
type Target struct {
	Subject string  // contender that is judged
	Peer    string  // contender it is held against, "" if none
	Limit   float64 // the greatest value that meets the target
	form    string  // how to print the limit
	metric  string  // what it is about, of the metrics of its line; "" if about none
	value   func(subject, peer Sample) float64
}

// String returns the target in words, such as "weir <= 0.6 x sony".
func (t Target) String() string {
	bound := fmt.Sprintf(t.form, t.Limit)
	if t.metric != "" {
		bound += " " + t.metric
	}
	if t.metric != "" && t.Peer != "" {
		bound += " of"
	}
	if t.Peer != "" {
		bound += " " + t.Peer
	}
	return t.Subject + " <= " + bound
}

// Ratio demands that an operation of subject takes at most limit times as long
// as one of peer.
func Ratio(subject string, limit float64, peer string) Target {
	return Target{Subject: subject, Peer: peer, Limit: limit, form: "%g x",
		value: func(s, p Sample) float64 { return s.NsPerOp / p.NsPerOp }}
}

// TimeAbove demands that an operation of subject takes at most ns nanoseconds
// more than one of peer.
func TimeAbove(subject string, ns float64, peer string) Target {
	return Target{Subject: subject, Peer: peer, Limit: ns, form: "%g ns above",
		value: func(s, p Sample) float64 { return s.NsPerOp - p.NsPerOp }}
}

// AllocsAbove demands that an operation of subject allocates at most n times
// more often than one of peer.
func AllocsAbove(subject string, n float64, peer string) Target {
	return Target{Subject: subject, Peer: peer, Limit: n, form: "%g allocs above",
		value: func(s, p Sample) float64 { return s.AllocsPerOp - p.AllocsPerOp }}
}

// Allocs demands that an operation of subject allocates at most n times.
func Allocs(subject string, n float64) Target {
	return Target{Subject: subject, Limit: n, form: "%g allocs",
		value: func(s, _ Sample) float64 { return s.AllocsPerOp }}
}

// Heap demands that an instance of subject holds at most so many bytes of heap.
func Heap(subject string, bytes float64) Target {
	return Target{Subject: subject, Limit: bytes, form: "%g B of heap",
		value: func(s, _ Sample) float64 { return s.HeapBytes }}
}

// P99Ratio demands that 99 % of the operations of subject take at most limit times
// as long as 99 % of peer's.
func P99Ratio(subject string, limit float64, peer string) Target {
	return Target{Subject: subject, Peer: peer, Limit: limit, form: "%g x p99 of",
		value: func(s, p Sample) float64 { return s.P99Ns / p.P99Ns }}
}

// Trips demands that an operation of subject takes at most n round trips.
func Trips(subject string, n float64) Target {
	return Target{Subject: subject, Limit: n, form: "%g trips",
		value: func(s, _ Sample) float64 { return s.TripsPerOp }}
}
