package main

import (
	"fmt"
	"time"
)

// capacity is what all backends together can do, in requests per second.
const capacity = fleet * perSecond

// Troubles are what is wrong with the world. The zero value is nothing.
type troubles struct {
	slow, killed int  // which backend, from 1
	redis        bool // killed
}

// A phase is a part of a run.
type phase struct {
	name     string
	load     float64 // how many times the capacity is asked for
	length   time.Duration
	troubles troubles
	// promise says what is wrong with the figures, "" if nothing is.
	promise func(row) string
}

// plan is what the flags ask for.
func (o options) plan() []phase {
	if o.load > 0 {
		return steady(o.load, o.length())
	}
	plan := []phase{
		{name: "warming up", load: 0.5, promise: failsNothing},
		{name: "calm", load: 0.5, promise: answersAll},
		{name: "overload", load: 3, promise: worksOn},
		{name: "backend 1 slow", load: 0.5, troubles: troubles{slow: 1}, promise: avoids(1)},
		{name: "backend 2 killed", load: 0.5, troubles: troubles{killed: 2}, promise: answersAll},
		{name: "and Redis killed", load: 0.5, troubles: troubles{killed: 2, redis: true}, promise: answersAll},
		{name: "all back", load: 0.5, promise: answersAll},
	}
	for i := range plan {
		plan[i].length = o.length()
	}
	return plan
}

// steady is one load in phases of a second, of which the last may be longer.
func steady(load float64, length time.Duration) []phase {
	all := make([]phase, max(1, int(length/time.Second)))
	for i := range all {
		all[i] = phase{name: fmt.Sprintf("second %d", i+1), load: load, length: time.Second, promise: failsNothing}
	}
	all[len(all)-1].length = length - time.Duration(len(all)-1)*time.Second
	return all
}

// The promises have some room for machines that are busy with other things, too.

func failsNothing(r row) string {
	if r.Failed > 0 {
		return fmt.Sprintf("%.1f requests a second failed", r.Failed)
	}
	return ""
}

// answersAll holds where there is no overload: all that the rate limit lets in is
// answered, but for one in twenty.
func answersAll(r row) string {
	if lost := r.Offered - r.Limited - r.InTime; lost > (r.Offered-r.Limited)/20 {
		return fmt.Sprintf("%.1f requests a second were not answered in time", lost)
	}
	return failsNothing(r)
}

// worksOn is what an overload must not keep the backends from.
func worksOn(r row) string {
	if r.InTime < 0.85*float64(capacity) {
		return fmt.Sprintf("%.1f answers a second came in time, of %d that could", r.InTime, capacity)
	}
	return failsNothing(r)
}

// avoids is what the balancer does with a slow backend: less than a third of its fair
// share is left.
func avoids(backend int) func(row) string {
	return func(r row) string {
		if share := r.Shares[backend-1]; share > 1.0/fleet/3 {
			return fmt.Sprintf("backend %d has %.0f %% of the calls", backend, 100*share)
		}
		return failsNothing(r)
	}
}
