package weir

// Kind tells how a [Metric] behaves over time.
type Kind uint8

const (
	// Gauge goes up and down.
	Gauge Kind = iota
	// Counter only grows, from zero, for as long as its component lives.
	Counter
)

// String returns "gauge" or "counter".
func (k Kind) String() string {
	if k == Counter {
		return "counter"
	}
	return "gauge"
}

// A Label tells apart metrics of the same name.
type Label struct{ Name, Value string }

// A Metric is one number of a component, at the moment it was asked for. Names
// follow the conventions of Prometheus: base units, and counters end in _total.
type Metric struct {
	Name, Help string
	Kind       Kind
	Labels     []Label
	Value      float64
}

// A Source is a component that can be observed. Metrics calls yield for each of
// its metrics until yield returns false; it holds no lock meanwhile. It is meant
// to be polled, some times a minute: nothing is collected between two polls.
type Source interface {
	Metrics(yield func(Metric) bool)
}
