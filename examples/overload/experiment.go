package main

import (
	"context"
	"net/http"
	"time"
)

// A result is what -json prints.
type result struct {
	Scenario string  `json:"scenario"`
	Capacity float64 `json:"capacity"` // requests per second
	Rows     []row   `json:"rows"`

	stall time.Duration // the longest by which client or backend were late in what is reported
}

type row struct {
	Load      float64 `json:"load"` // in multiples of the capacity
	Bare      figures `json:"bare"`
	Protected figures `json:"protected"`
}

// A system is one of the two that are compared.
type system struct {
	name string
	wrap func(plan, http.Handler) http.Handler
}

// runPlan measures both systems under each load. Both get the same arrivals, and
// each measurement a new server, so that no backlog passes from one to the next.
func runPlan(ctx context.Context, p plan, scr *screen) (result, error) {
	p, err := sized(ctx, p, scr)
	if err != nil {
		return result{}, err
	}
	scr.begin(p)
	e := experiment{plan: p, scr: scr, repeats: p.repeats}
	res := result{Scenario: p.scenario, Capacity: p.capacity}
	for i, load := range p.loads {
		r := row{Load: load}
		seed := uint64(i + 1)
		if r.Bare, err = e.step(ctx, system{"bare", bare}, load, seed); err != nil {
			return result{}, err
		}
		if r.Protected, err = e.step(ctx, system{"protected", protect}, load, seed); err != nil {
			return result{}, err
		}
		res.Rows = append(res.Rows, r)
	}
	res.stall = e.stall
	return res, nil
}

// An experiment is a plan on its way.
type experiment struct {
	plan    plan
	scr     *screen
	repeats int           // how many more times a spoilt step may be repeated
	stall   time.Duration // the longest in a step that was kept
}

// step measures one system under one load.
func (e *experiment) step(ctx context.Context, s system, load float64, seed uint64) (figures, error) {
	f, err := e.steady(func() (figures, time.Duration, error) {
		return e.measure(ctx, s, load, seed)
	}, func(stall time.Duration) { e.scr.again(load, s.name, stall) })
	if err == nil {
		e.scr.done(load, s.name, f)
	}
	return f, err
}

// steady measures, and measures again if the client or the backend was so late
// meanwhile that load or capacity cannot have been what was meant: not the server
// was slow then, but the machine stood still. It keeps the attempt with the shortest
// stall, whatever its figures; again is told of each that is repeated.
func (e *experiment) steady(measure func() (figures, time.Duration, error), again func(stall time.Duration)) (figures, error) {
	const perStep = 2 // so that one bad minute does not use up all repeats
	best, least, err := measure()
	for n := 0; n < perStep && err == nil && least > e.plan.maxStall() && e.repeats > 0; n++ {
		e.repeats--
		again(least)
		var f figures
		var stall time.Duration
		if f, stall, err = measure(); stall < least {
			best, least = f, stall
		}
	}
	e.stall = max(e.stall, least)
	return best, err
}

// measure also returns by how much the client or the backend was late at worst.
func (e *experiment) measure(ctx context.Context, s system, load float64, seed uint64) (figures, time.Duration, error) {
	srv, err := startServer(e.plan, s.wrap)
	if err != nil {
		return figures{}, 0, err
	}
	defer srv.close()
	t := &tally{}
	show := e.scr.step(load, s.name, e.plan, t)
	err = newClient(e.plan, srv.url, t).run(ctx, load*e.plan.capacity, seed)
	show.stop()
	if err != nil {
		return figures{}, 0, err
	}
	return t.figures(e.plan.measure), max(t.stall, srv.backend.stall()), nil
}
