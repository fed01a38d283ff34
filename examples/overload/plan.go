package main

import (
	"sync"
	"time"
)

// A plan says what is measured, and against what.
type plan struct {
	scenario string
	about    string         // the backend in a few words
	backend  func() backend // makes one
	capacity float64        // what it can do, in requests per second; 0 until it is measured
	deadline time.Duration  // an answer that takes longer is of no use
	patience time.Duration  // after this long the user hangs up
	warmup   time.Duration  // traffic before measuring, until queues have filled
	measure  time.Duration  // how long requests are counted
	repeats  int            // how many steps may be repeated if the machine stood still
	loads    []float64      // offered load, in multiples of the capacity
}

const (
	cpu         = "cpu"
	slowBackend = "slow-backend"
)

// cpuQuanta is how much a request asks of the core: 10 ms of its time.
const cpuQuanta = 5

// scenarios makes the plan of each scenario. They are small enough that an old
// laptop sends three times the capacity with ease: what collapses must be the
// server, not the machine.
var scenarios = map[string]func() plan{
	cpu:         cpuPlan,
	slowBackend: slowBackendPlan,
}

func cpuPlan() plan {
	rounds := sync.OnceValue(func() int { return roundsIn(time.Duration(quota * float64(quantum))) })
	p := commonPlan()
	p.scenario = cpu
	p.about = "each burns CPU"
	p.backend = func() backend { return newCore(cpuQuanta, rounds()) }
	return p
}

func slowBackendPlan() plan {
	const workers, service = 10, 40 * time.Millisecond
	p := commonPlan()
	p.scenario = slowBackend
	p.about = "each waits for one of 10 workers, who needs 40 ms"
	p.backend = func() backend { return newPool(workers, service) }
	p.capacity = workers / service.Seconds()
	return p
}

func commonPlan() plan {
	return plan{
		deadline: 400 * time.Millisecond,
		patience: time.Second,
		warmup:   time.Second,
		measure:  5 * time.Second,
		repeats:  4,
		loads:    []float64{0.5, 1, 1.5, 3},
	}
}

// maxStall is how late client or backend may be before a step counts as spoilt.
func (p plan) maxStall() time.Duration { return p.deadline / 2 }

// duration is how long the whole plan takes; the last users of each step and repeats come on top.
func (p plan) duration() time.Duration {
	return time.Duration(2*len(p.loads)) * (p.warmup + p.measure)
}
