package lab

import (
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// A Row is a service, and the lines that the shedder must reach in front of it.
type Row struct {
	Name     string
	Workers  int
	Mean     time.Duration // S, the time that one request takes
	Service  simulate.Distribution
	Patience int // how long an answer is of use, in S

	Lines   Lines
	Late    float64 // at most this share of the admitted is late in steady overload
	Refused float64 // at most this share is refused at 0.8 of the capacity
}

// Lines are the least goodputs, in percent of the oracle's, with deadlines that the
// shedder can see.
type Lines struct {
	Steady, Slow, Recovered, Halved, Bursts, Ramp, Cold float64
}

// withoutDeadlines is by how many points a goodput may be worse where the shedder
// cannot see deadlines.
const withoutDeadlines = 5

// How many are late or refused.
const (
	lateOfLight   = 0.005
	lateOfHeavy   = 0.01
	refusedOfMany = 0.005 // ten workers and more, light tails
	refusedOfFew  = 0.03
	refusedOfOne  = 0.10
)

// Rows returns the services.
func Rows() []Row {
	var (
		heavy = Lines{Steady: 95, Slow: 92, Recovered: 96, Halved: 94, Bursts: 90, Ramp: 95, Cold: 88}
		rare  = Lines{Steady: 93, Slow: 72, Recovered: 95, Halved: 94, Bursts: 75, Ramp: 95, Cold: 85}
	)
	return []Row{
		{
			Name: "10 x 10 ms light", Workers: 10, Mean: 10 * time.Millisecond, Service: simulate.Light, Patience: 10,
			Lines: Lines{Steady: 98, Slow: 97, Recovered: 99, Halved: 98, Bursts: 98, Ramp: 98, Cold: 97},
			Late:  lateOfLight, Refused: refusedOfMany,
		},
		{
			Name: "200 x 10 ms exponential", Workers: 200, Mean: 10 * time.Millisecond, Service: simulate.Exponential, Patience: 10,
			Lines: Lines{Steady: 98, Slow: 95, Recovered: 99, Halved: 98, Bursts: 98, Ramp: 98, Cold: 85},
			Late:  lateOfLight, Refused: refusedOfMany,
		},
		{
			Name: "10 x 10 ms Pareto", Workers: 10, Mean: 10 * time.Millisecond, Service: simulate.Pareto, Patience: 10,
			Lines: heavy, Late: lateOfHeavy, Refused: refusedOfFew,
		},
		{
			Name: "10 x 100 ms bimodal", Workers: 10, Mean: 100 * time.Millisecond, Service: simulate.Bimodal, Patience: 15,
			Lines: heavy, Late: lateOfHeavy, Refused: refusedOfFew,
		},
		{
			Name: "200 x 1 s light", Workers: 200, Mean: time.Second, Service: simulate.Light, Patience: 5,
			Lines: Lines{Steady: 96, Slow: 90, Recovered: 98, Halved: 97, Bursts: 80, Ramp: 95, Cold: 75},
			Late:  lateOfLight, Refused: refusedOfMany,
		},
		{
			Name: "1 x 10 ms exponential", Workers: 1, Mean: 10 * time.Millisecond, Service: simulate.Exponential, Patience: 10,
			Lines: Lines{Steady: 95, Slow: 85, Recovered: 94, Halved: 92, Bursts: 96, Ramp: 96, Cold: 94},
			Late:  lateOfLight, Refused: refusedOfOne,
		},
		{
			Name: "5 x 1 s exponential", Workers: 5, Mean: time.Second, Service: simulate.Exponential, Patience: 10,
			Lines: rare, Late: lateOfLight, Refused: refusedOfFew,
		},
		{
			Name: "1 x 200 ms light", Workers: 1, Mean: 200 * time.Millisecond, Service: simulate.Light, Patience: 10,
			Lines: rare, Late: lateOfLight, Refused: refusedOfOne,
		},
	}
}

// scenario returns the service without any requests yet.
func (r Row) scenario() simulate.Scenario {
	return simulate.Scenario{
		Workers: r.Workers, Service: r.Service, Mean: r.Mean,
		Deadline: time.Duration(r.Patience) * r.Mean,
	}
}

// rate is the nominal capacity, in requests per second.
func (r Row) rate() float64 { return float64(r.Workers) / r.Mean.Seconds() }

// fast says that a second of the service is dear to simulate.
func (r Row) fast() bool { return r.rate() >= 10_000 }

// atLeast is a time that is long for a human and for the service.
func (r Row) atLeast(d time.Duration, services int) time.Duration {
	return max(d, time.Duration(services)*r.Mean)
}

// warmUp is how long a load lasts before it counts as steady.
func (r Row) warmUp() time.Duration { return r.atLeast(5*time.Second, 20) }

// change is how long something that changes stays so, and was otherwise before.
func (r Row) change() time.Duration {
	if r.fast() {
		return 10 * time.Second
	}
	return r.atLeast(30*time.Second, 30)
}
