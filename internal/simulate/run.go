package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// A Guard decides about a request, at its time of arrival. If it admits it, it
// returns what to call when the request is done; late says that nobody wanted the
// answer any more. Both happen at the virtual time at which Advance has arrived.
type Guard interface {
	Admit(r Request) (settle func(late bool), ok bool)
}

// GuardFunc is a Guard.
type GuardFunc func(r Request) (settle func(late bool), ok bool)

// Admit implements [Guard].
func (f GuardFunc) Admit(r Request) (func(late bool), bool) { return f(r) }

// Advance is told the time of each event before it happens: in a synctest bubble it
// sleeps until then, elsewhere it may set a clock.
type Advance func(to time.Duration)

// Run simulates the scenario until all requests are done. The guard settles in the
// order in which requests are done, with late set if the deadline has passed.
func Run(sc *Scenario, g Guard, advance Advance) *Result {
	r := &run{
		sc: sc, guard: g, advance: advance, pool: sc.pool(),
		arrivals: rand.New(rand.NewPCG(sc.Seed, 1)),
		services: rand.New(rand.NewPCG(sc.Seed, 2)),
		result:   newResult(sc),
	}
	r.all()
	return r.result
}

type run struct {
	sc       *Scenario
	guard    Guard
	advance  Advance
	pool     pool
	arrivals *rand.Rand // when, and of whom
	services *rand.Rand // how much work
	result   *Result
}

func (r *run) all() {
	length := r.sc.Length.Seconds()
	arrival := r.arrivalAfter(0)
	change := 0.0
	for {
		done := r.pool.next()
		switch now := min(arrival, done, change); {
		case math.IsInf(now, 1):
			return
		case now == change:
			change = r.change(now)
		case now == done:
			r.finish(now)
		default:
			r.arrive(now)
			if arrival = r.arrivalAfter(now); arrival > length {
				arrival = math.Inf(1)
			}
		}
	}
}

// arrivalAfter draws the next arrival of a Poisson process whose rate may change on
// the way: where it does, what is left of the draw goes on at the new rate.
func (r *run) arrivalAfter(now float64) float64 {
	left := r.arrivals.ExpFloat64()
	for {
		at := seconds(now)
		rate := valueAt(r.sc.Load, at) * r.sc.Capacity()
		until := math.Inf(1)
		if next := nextStep(r.sc.Load, at); next < math.MaxInt64 {
			until = next.Seconds()
		}
		if rate > 0 && now+left/rate <= until {
			return now + left/rate
		}
		if math.IsInf(until, 1) {
			return until
		}
		left -= (until - now) * rate
		now = until + 1e-9 // beyond the step
	}
}

// change applies what changes now, and returns when something does next.
func (r *run) change(now float64) float64 {
	at := seconds(now)
	workers := max(1, int(math.Round(valueAt(r.sc.Pool, at)*float64(r.sc.Workers))))
	r.pool.change(now, valueAt(r.sc.Slowness, at), workers)
	next := min(nextStep(r.sc.Pool, at), nextStep(r.sc.Slowness, at))
	if next == math.MaxInt64 {
		return math.Inf(1)
	}
	return next.Seconds()
}

func (r *run) arrive(now float64) {
	at := seconds(now)
	r.advance(at)
	req := Request{
		At: at, Deadline: at + r.deadline(), Class: r.class(), Caller: r.caller(),
		Hidden: r.sc.Hidden, service: r.sc.Service(r.services),
	}
	settle, ok := r.guard.Admit(req)
	r.result.arrived(req, ok)
	if ok {
		r.pool.add(now, &job{req: req, settle: settle})
	}
}

func (r *run) finish(now float64) {
	at := seconds(now)
	r.advance(at)
	j := r.pool.finish(now)
	late := at > j.req.Deadline
	j.settle(late)
	r.result.finished(j.req, at, late)
}

func (r *run) deadline() time.Duration {
	if n := len(r.sc.Deadlines); n > 0 {
		return r.sc.Deadlines[r.arrivals.IntN(n)]
	}
	return r.sc.Deadline
}

func (r *run) class() int {
	sum := 0.0
	for _, share := range r.sc.Classes {
		sum += share
	}
	if sum == 0 {
		return DefaultClass
	}
	return draw(r.arrivals, r.sc.Classes[:], sum)
}

func (r *run) caller() int {
	sum := 0.0
	for _, weight := range r.sc.Callers {
		sum += weight
	}
	if sum == 0 {
		return 0
	}
	return draw(r.arrivals, r.sc.Callers, sum)
}

func draw(rng *rand.Rand, weights []float64, sum float64) int {
	x := rng.Float64() * sum
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}
