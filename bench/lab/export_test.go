package lab

import (
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

var (
	Apart     = apart
	Duration  = duration
	Thousands = thousands
)

// FixedLimit returns what a fixed limit does in the spans of a case.
func FixedLimit(c Case, limit int) []Figures { return c.fixed(limit) }

// Place is where a value lies on an axis.
func (a Axis) Place(v float64) float64 { return a.place(v) }

// Believed lets a belief watch what a fixed limit lets in, and returns how many workers it
// then takes there to be and how long they take for a request, in seconds.
func Believed(sc *simulate.Scenario, limit int, changes float64) (workers, mean float64) {
	b := newBelief(kinds(), changes)
	admit := fixed(limit)
	var now float64
	simulate.Run(sc, simulate.GuardFunc(func(r simulate.Request) (func(bool), bool) {
		settle, ok := admit.Admit(r)
		if !ok {
			return nil, false
		}
		c := b.began(now)
		return func(late bool) {
			settle(late)
			b.ended(c, now)
			b.update(now)
		}, true
	}), func(to time.Duration) { now = to.Seconds() })
	for _, v := range b.views {
		for _, p := range v.share {
			workers += p * float64(v.workers)
		}
	}
	return workers, b.mean(now)
}

// RoomFor is the limit at which exponential workers who are asked for rho times what they
// can do idle for no more than a share of the time.
func RoomFor(workers int, rho, idle float64) int { return room(workers, rho, 1, idle) }

// LateOf is how probable it is that the n-th in flight is late if service is exponential.
func LateOf(workers, n int, left float64) float64 {
	return newKind(simulate.Exponential).late(workers, n, left)
}
