package main

import "time"

// A plan says what is measured, and against what.
type plan struct {
	workers  int           // how many requests the backend works on at a time
	service  time.Duration // how long one of them takes, on average
	deadline time.Duration // an answer that takes longer is of no use
	patience time.Duration // after this long the user hangs up
	warmup   time.Duration // traffic before measuring, until queues have filled
	measure  time.Duration // how long requests are counted
	repeats  int           // how many steps may be repeated if the machine stood still
	loads    []float64     // offered load, in multiples of the capacity
}

// defaultPlan is small enough that an old laptop sends three times the capacity
// with ease: what collapses must be the server, not the machine.
func defaultPlan() plan {
	return plan{
		workers:  10,
		service:  40 * time.Millisecond,
		deadline: 400 * time.Millisecond,
		patience: time.Second,
		warmup:   time.Second,
		measure:  5 * time.Second,
		repeats:  4,
		loads:    []float64{0.5, 1, 1.5, 3},
	}
}

// capacity is what the backend can do, in requests per second.
func (p plan) capacity() float64 { return float64(p.workers) / p.service.Seconds() }

// maxStall is how late the client may be before a step counts as spoilt.
func (p plan) maxStall() time.Duration { return p.deadline / 2 }

// duration is how long the whole plan takes; the last users of each step and repeats come on top.
func (p plan) duration() time.Duration {
	return time.Duration(2*len(p.loads)) * (p.warmup + p.measure)
}
