// Package simulate models a service under load, event by event in virtual time:
// open-loop Poisson arrivals, a pool of workers, deadlines, and things that change
// on the way. Tests put a guard in front of it and ask what came out. It knows
// nothing of any guard, reads no clock and starts no goroutine: a run of the same
// scenario is the same to the last event.
package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// A Scenario says what arrives at which service, and what changes on the way.
type Scenario struct {
	Name    string
	Workers int           // how many requests are worked on at a time
	Service Distribution  // of the time that one of them takes, 1 on average
	Mean    time.Duration // what 1 of Service is
	Sharing bool          // the workers share all requests evenly, rather than one after the other

	// Load is what arrives, in multiples of the nominal capacity; Slowness by how
	// much service takes longer than nominally, from its start; Pool how many workers
	// there are, in multiples of Workers. Each holds from its time to the next;
	// Load is 1 without a step, and so are the other two.
	Load, Slowness, Pool []Step

	// Deadline is how long after its arrival a request's answer is of use. With
	// Deadlines, each request draws one of them instead.
	Deadline  time.Duration
	Deadlines []time.Duration
	// Hidden says that the guard is not told the deadline.
	Hidden bool

	// Classes are the shares of the four classes of criticality among the requests,
	// the least critical first. Without any, all are of DefaultClass.
	Classes [NumClasses]float64
	// Callers are the weights of callers 0, 1, ... among the requests; caller 0
	// only, if there are none.
	Callers []float64

	Length time.Duration // no request arrives later
	Seed   uint64
}

// Classes of criticality are numbered from 0, the least critical.
const (
	NumClasses   = 4
	DefaultClass = 2
)

// A Step is a value that holds from a time on.
type Step struct {
	At    time.Duration
	Value float64
}

// Always is a value that does not change.
func Always(v float64) []Step { return []Step{{Value: v}} }

// Ramp goes in n small steps from one value to another.
func Ramp(begin, end time.Duration, from, to float64, n int) (steps []Step) {
	for i := range n {
		share := float64(i) / float64(n-1)
		steps = append(steps, Step{begin + time.Duration(share*float64(end-begin)), from + share*(to-from)})
	}
	return steps
}

// Bursts is low, and high for a while at the end of each period.
func Bursts(length, period, while time.Duration, low, high float64) (steps []Step) {
	for t := time.Duration(0); t < length; t += period {
		steps = append(steps, Step{t, low}, Step{t + period - while, high})
	}
	return steps
}

func valueAt(steps []Step, t time.Duration) float64 {
	v := 1.0
	for _, s := range steps {
		if s.At > t {
			break
		}
		v = s.Value
	}
	return v
}

// nextStep returns when the value changes next, never if it does not.
func nextStep(steps []Step, t time.Duration) time.Duration {
	for _, s := range steps {
		if s.At > t {
			return s.At
		}
	}
	return math.MaxInt64
}

// Capacity is what the service can do nominally, in requests per second.
func (sc *Scenario) Capacity() float64 { return float64(sc.Workers) / sc.Mean.Seconds() }

// A Distribution draws values whose mean is 1.
type Distribution func(rng *rand.Rand) float64

// Constant is always 1.
func Constant(*rand.Rand) float64 { return 1 }

// Exponential has a squared coefficient of variation of 1.
func Exponential(rng *rand.Rand) float64 { return rng.ExpFloat64() }

// Light is half constant and half exponential: its tail is light.
func Light(rng *rand.Rand) float64 { return 0.5 + 0.5*rng.ExpFloat64() }

// Bimodal is short for nine of ten requests, and eleven times as long for the tenth.
func Bimodal(rng *rand.Rand) float64 {
	if rng.Float64() < 0.1 {
		return 5.5
	}
	return 0.5
}

// Pareto has the exponent 1.6, and is cut at 200 times its minimum.
func Pareto(rng *rand.Rand) float64 {
	return min(math.Pow(1-rng.Float64(), -1/paretoExponent), paretoCut) / paretoMean
}

const (
	paretoExponent = 1.6
	paretoCut      = 200
)

// E min(X, c) = 1 + integral of P(X > x) from 1 to c.
var paretoMean = 1 + (1-math.Pow(paretoCut, 1-paretoExponent))/(paretoExponent-1)

// A Request is one arrival.
type Request struct {
	At       time.Duration
	Deadline time.Duration // a point in time, like At
	Class    int           // 0 to NumClasses-1
	Caller   int
	Hidden   bool // the guard must not look at Deadline

	service float64 // in multiples of the mean
}

// Left is how much time the guard knows to be left; never, if it does not know.
func (r Request) Left() time.Duration {
	if r.Hidden {
		return math.MaxInt64
	}
	return r.Deadline - r.At
}
