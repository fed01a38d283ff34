package lab

import (
	"math"
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// oracleName is what it is called in charts.
const oracleName = "best fixed limit"

// A Best is the fixed limit that would have been the best for a span.
type Best struct {
	Limit int
	Figures
}

// Oracle returns the best fixed limit for each span of a case, the same for all of
// its runs. Of several that are as good it is the greatest. It needs no bubble.
func Oracle(c Case) []Best {
	whole := newOracle(c)
	part := whole
	if c.Seeds = c.searched(); c.Seeds < whole.c.Seeds {
		part = newOracle(c)
	}
	bests := make([]Best, len(c.Spans))
	for i := range bests {
		limit := part.search(i)
		bests[i] = Best{limit, whole.at(limit)[i]}
	}
	return bests
}

// searched is in how many of the runs the oracle looks for its limit. It decides by
// chance no longer once it has seen so many answers.
func (c Case) searched() int {
	const answers = 20_000
	inOne := c.Scenario.Capacity() * c.shortest().Seconds() / 3
	return min(c.Seeds, 1+int(answers/inOne))
}

func (c Case) fixed(limit int) []Figures {
	return c.figures(func(sc *simulate.Scenario) *simulate.Result {
		return simulate.Run(sc, fixed(limit), func(time.Duration) {})
	})
}

type oracle struct {
	c     Case
	known map[int][]Figures
}

func newOracle(c Case) *oracle { return &oracle{c: c, known: map[int][]Figures{}} }

// search finds the best limit. Where requests are few, chance makes neighbours differ,
// and all are cheap to try. Where they are many, it looks along a coarse grid and
// then ever closer around the best of it: a limit can be too low or too high, and
// nothing else.
func (o *oracle) search(span int) int {
	const few = 100 // requests per second
	fine := 1.04
	best := &Best{}
	if o.c.Scenario.Capacity() <= few {
		o.grid(span, fine, best)
		return best.Limit
	}
	o.grid(span, 2, best)
	for step := math.Sqrt2; step > fine; step = math.Sqrt(step) {
		around := float64(best.Limit)
		o.try(span, max(1, int(math.Round(around/step))), best)
		o.try(span, int(math.Round(around*step)), best)
	}
	return best.Limit
}

func (o *oracle) grid(span int, step float64, best *Best) {
	low, high := o.bounds()
	for limit := float64(low); limit < step*float64(high); limit *= step {
		o.try(span, int(math.Round(limit)), best)
	}
}

func (o *oracle) try(span, limit int, best *Best) {
	f := o.at(limit)[span]
	if f.Good > best.Good || f.Good == best.Good && limit > best.Limit {
		*best = Best{limit, f}
	}
}

// bounds are limits below and above which none is the best: with most of the workers
// idle too much is lost, and with a queue longer than the patience nothing is won.
func (o *oracle) bounds() (low, high int) {
	sc := &o.c.Scenario
	patience := sc.Deadline
	for _, d := range sc.Deadlines {
		patience = max(patience, d)
	}
	inTime := sc.Capacity() * patience.Seconds()
	return max(1, sc.Workers/3), sc.Workers + int(inTime)
}

func (o *oracle) at(limit int) []Figures {
	f, ok := o.known[limit]
	if !ok {
		f = o.c.fixed(limit)
		o.known[limit] = f
	}
	return f
}

// fixed admits while fewer than limit requests are in flight.
func fixed(limit int) simulate.Guard {
	inFlight := 0
	settle := func(bool) { inFlight-- }
	return simulate.GuardFunc(func(simulate.Request) (func(bool), bool) {
		if inFlight >= limit {
			return nil, false
		}
		inFlight++
		return settle, true
	})
}
