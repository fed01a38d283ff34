package lab

import (
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// Figures are what a guard did in a span, in all runs together.
type Figures struct {
	simulate.Counts
	Classes [simulate.NumClasses]simulate.Counts
	P99     time.Duration // of the admitted, the mean over the runs
	Seconds float64       // how long the span was
}

// Completed is how many requests were answered, in time or not.
func (f Figures) Completed() int { return f.Good + f.Late }

// add counts what one of several runs did.
func (f *Figures) add(r *simulate.Result, s Span, runs int) {
	sum(&f.Counts, r.Between(s.From, s.To))
	for class := range f.Classes {
		sum(&f.Classes[class], r.Class(class, s.From, s.To))
	}
	f.P99 += r.Quantile(0.99, s.From, s.To) / time.Duration(runs)
	f.Seconds += (s.To - s.From).Seconds()
}

func sum(a *simulate.Counts, b simulate.Counts) {
	a.Offered += b.Offered
	a.Refused += b.Refused
	a.Good += b.Good
	a.Late += b.Late
}

// Measure runs a case and returns the figures of each of its spans. It must be
// called in a bubble, for it sleeps.
func Measure(c Case, s Subject) []Figures {
	return c.figures(func(sc *simulate.Scenario) *simulate.Result { return Run(sc, c.guard(s)) })
}

func (c Case) figures(run func(*simulate.Scenario) *simulate.Result) []Figures {
	figures := make([]Figures, len(c.Spans))
	for i := range c.Seeds {
		result := run(c.seeded(i))
		for j, span := range c.Spans {
			figures[j].add(result, span, c.Seeds)
		}
	}
	return figures
}

// Run simulates a scenario in the time of the bubble that it is called in.
func Run(sc *simulate.Scenario, g simulate.Guard) *simulate.Result {
	var now time.Duration
	return simulate.Run(sc, g, func(to time.Duration) {
		time.Sleep(to - now)
		now = to
	})
}

// guard makes what stands in front of the service of a case.
func (c Case) guard(s Subject) simulate.Guard {
	if c.Guards < 2 {
		return s.New()
	}
	guards := make([]simulate.Guard, c.Guards)
	for i := range guards {
		guards[i] = s.New()
	}
	return simulate.GuardFunc(func(r simulate.Request) (func(bool), bool) {
		return guards[r.Caller].Admit(r)
	})
}
