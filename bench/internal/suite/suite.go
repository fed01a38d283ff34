package suite

import "time"

// A Suite is a named list of lines.
type Suite struct {
	Name      string // what -suite selects
	About     string // one sentence
	Lines     []Line
	Withdrawn []Withdrawn
	// Close, if not nil, ends what the lines have started. Run calls it last.
	Close func()
}

// A Withdrawn is a peer that a suite wanted to measure and could not build.
type Withdrawn struct {
	Module string `json:"module"`
	Why    string `json:"why"`
}

// A Line is one kind of work, and who is measured at it.
type Line struct {
	Name       string
	Work       string // what one operation is, the same for all contenders
	Contenders []Contender
	Targets    []Target
	// Metrics names what else the subjects of this line find out, with units, in the
	// order of printing. Each sample must have all of them.
	Metrics []string
	// Rounds, if not 0, is how many rounds are enough: one where nothing depends on
	// chance, a few where to measure takes long.
	Rounds int
	// CPUs overrides, for this line, the settings of GOMAXPROCS it is measured
	// at. Nil means those of the run.
	CPUs []int
}

// A Contender does the work of a line.
type Contender struct {
	Name   string // unique in its line
	Module string // path of the module it comes from; its version is printed
	// New makes what is measured. It is called once for each setting of
	// GOMAXPROCS, and what it returns is measured in every round.
	New func() Subject
}

// A Subject can be measured, again and again. An error says that the subject did
// other work than the line is about, so that its figures mean nothing. A Subject that
// has a method Close() is closed when its line has been measured at a setting.
type Subject interface {
	Measure(Setting) (Sample, error)
}

// A Setting is what one measurement runs under.
type Setting struct {
	CPUs int           // goroutines that work at a time; GOMAXPROCS is the same
	Time time.Duration // how long to measure
}

// A Sample is the result of one measurement, or a median of several. A field
// that a kind of subject does not measure is 0.
type Sample struct {
	// NsPerOp is wall time divided by the operations of all goroutines, so two
	// CPUs that do not disturb each other halve it.
	NsPerOp     float64 `json:"ns_per_op"`
	BytesPerOp  float64 `json:"bytes_per_op"`
	AllocsPerOp float64 `json:"allocs_per_op"`
	// P50Ns and P99Ns are how long single operations took: half and 99 % of them
	// at most so long.
	P50Ns float64 `json:"p50_ns"`
	P99Ns float64 `json:"p99_ns"`
	// TripsPerOp is how many times per operation a server was sent something.
	TripsPerOp float64 `json:"trips_per_op"`
	// HeapBytes is how much live heap one instance holds.
	HeapBytes float64 `json:"heap_bytes"`
	// Metrics is what else was found out, by the names that the line gives.
	Metrics map[string]float64 `json:"metrics,omitempty"`
	// Waited is the share of time, 0 to 1 and above, for which threads were ready
	// to run and other programs had the processors. NsPerOp leaves most of that
	// out; AllocsPerOp and BytesPerOp do not depend on it.
	Waited float64 `json:"waited"`
}
