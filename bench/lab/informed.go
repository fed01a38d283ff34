package lab

import (
	"math"
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// An informed guard is told what no guard in the field is told, and makes the best of it
// that statistics can. It knows that requests are served first come, first served, and
// that service times are spread in one of the ways that the rows have. Of a scenario it
// knows how many requests arrive per second at any moment, and which policy suits that.
//
// It does not know which of the ways it is, how many workers there are, how long they
// take on average, when that changes or by how much. All that it learns from the requests
// that it lets in, see [belief]. Of deadlines that it cannot see it knows how many service
// times they were at first.
//
// A line that even this guard misses would be out of reach for want of information. One
// that it reaches is not.
type informed struct {
	sc     *simulate.Scenario
	policy Policy
	belief *belief
	rooms  map[roomKey]int
	now    time.Duration

	inFlight int
	answers  int
	guess    float64 // what hidden deadlines are taken to be, in seconds; 0 at first
	admitted float64 // of late
	late     float64 // of these, as was to be expected
}

// A Policy is what an informed guard makes of what it believes.
type Policy struct {
	Late   float64 // a request is refused that is late with a greater probability
	Idle   float64 // no queue is longer than it takes for workers to idle so little; 0 does not ask
	Budget float64 // so many of the admitted may be late, as a share; 0 does not ask
}

// Policies for loads that last, for those of which a queue is worth its length since what
// is not admitted now leaves workers idle later, and for those where lateness counts.
var (
	balanced = Policy{Late: 0.15, Idle: 0.01}
	patient  = Policy{Late: 0.1}
	punctual = Policy{Late: 0.015, Budget: 0.003}
)

// policyFor returns what suits a span of a case.
func policyFor(c Case, s Span) Policy {
	switch {
	case s.Line.Late > 0:
		return punctual
	case len(c.Scenario.Load) > 1 || s.Name == "halved at 0.8x":
		return patient
	}
	return balanced
}

// Informed returns what an informed guard does in a span of a case. It needs no bubble.
func Informed(c Case, span int) Figures {
	kinds, p := kinds(), policyFor(c, c.Spans[span])
	return c.figures(func(sc *simulate.Scenario) *simulate.Result {
		g := newInformed(sc, p, kinds)
		return simulate.Run(sc, g, func(to time.Duration) { g.now = to })
	})[span]
}

func newInformed(sc *simulate.Scenario, p Policy, kinds []*kind) *informed {
	changes := 0.0
	if len(sc.Slowness) > 0 || len(sc.Pool) > 0 {
		changes = 1.0 / 30
	}
	return &informed{sc: sc, policy: p, belief: newBelief(kinds, changes), rooms: map[roomKey]int{}}
}

// Admit implements [simulate.Guard].
func (g *informed) Admit(r simulate.Request) (func(late bool), bool) {
	if g.inFlight > 0 && !g.welcome(r) {
		return nil, false
	}
	g.inFlight++
	c := g.belief.began(r.At.Seconds())
	return func(bool) {
		g.inFlight--
		g.belief.ended(c, g.now.Seconds())
		g.guessDeadline()
	}, true
}

// guessDeadline settles for a deadline once the mean service time is known well.
func (g *informed) guessDeadline() {
	const known = 100 // answers
	if g.answers++; g.answers == known {
		g.guess = g.patience() * g.belief.mean(g.now.Seconds())
	}
}

// patience is the deadline in service times.
func (g *informed) patience() float64 { return g.sc.Deadline.Seconds() / g.sc.Mean.Seconds() }

// left returns how many service times a request has, if they take so long.
func (g *informed) left(r simulate.Request, mean float64) float64 {
	switch {
	case !g.sc.Hidden:
		return (r.Deadline - r.At).Seconds() / mean
	case g.guess > 0:
		return g.guess / mean
	}
	return g.patience()
}

// welcome decides about a request by what it would meet, on average over all that may be.
func (g *informed) welcome(r simulate.Request) bool {
	const unlikely = 1e-3
	n := g.inFlight + 1
	rate := valueAt(g.sc.Load, r.At) * g.sc.Capacity()
	late, short := 0.0, 0.0
	g.belief.update(r.At.Seconds())
	for _, v := range g.belief.views {
		if v.dead {
			continue
		}
		for i, p := range v.share {
			if p < unlikely {
				continue
			}
			mean := g.belief.means[i]
			late += p * v.kind.late(v.workers, n, g.left(r, mean))
			if g.policy.Idle == 0 || n <= g.room(v, rate*mean/float64(v.workers)) {
				short += p
			}
		}
	}
	return late <= g.policy.Late && short >= 0.5 && g.afford(late)
}

// afford reports whether there is room in the budget for a request that is late with some
// probability, and enters it if so.
func (g *informed) afford(late float64) bool {
	const memory, slack = 0.999, 0.02
	if g.policy.Budget > 0 && g.late+late > g.policy.Budget*(g.admitted+1)+slack {
		return false
	}
	g.late = memory*g.late + late
	g.admitted = memory*g.admitted + 1
	return true
}

// A roomKey says of what a room is known.
type roomKey struct {
	view *view
	rho  int
}

// room is the limit that the policy's idleness asks for, if there is rho times as much to
// do as can be done.
func (g *informed) room(v *view, rho float64) int {
	const fine = 20 // steps of the logarithm
	key := roomKey{v, int(math.Round(fine * math.Log(rho)))}
	n, ok := g.rooms[key]
	if !ok {
		n = room(v.workers, math.Exp(float64(key.rho)/fine), v.kind.spread, g.policy.Idle)
		g.rooms[key] = n
	}
	return n
}

// valueAt is the value of the last step.
func valueAt(steps []simulate.Step, t time.Duration) float64 {
	v := 1.0
	for _, s := range steps {
		if s.At > t {
			break
		}
		v = s.Value
	}
	return v
}
