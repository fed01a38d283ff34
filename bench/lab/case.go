package lab

import (
	"math"
	"slices"
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// A Case is a scenario and what of it is measured.
type Case struct {
	Row, Name string
	Scenario  simulate.Scenario // without its seed
	Seeds     int               // how often it is run, each time with another seed
	Seed      uint64            // the seeds are those after this one
	Guards    int               // how many guards the requests are spread over; 0 is 1
	Spans     []Span
}

// A Span is the time from From to To. Requests belong to it that arrive within.
type Span struct {
	Name     string
	From, To time.Duration
	Line     Line
}

// A Line is what a guard must reach. What is zero is not asked for.
type Line struct {
	Goodput  float64 // at least, in percent of the oracle's
	Late     float64 // at most, as a share of the admitted
	Refused  float64 // at most, as a share of the offered
	Capacity float64 // goodput at least, as a share of the nominal capacity
	Classes  [simulate.NumClasses]Bounds
}

// Bounds are the shares of a class of requests that are served at least and at most.
type Bounds struct{ Least, Most float64 }

// Hidden is the case where the guard is not told the deadlines. Its lines are as
// many points lower as that may cost.
func (c Case) Hidden() Case {
	c.Scenario.Hidden = true
	c.Spans = slices.Clone(c.Spans)
	for i := range c.Spans {
		c.Spans[i].Line = c.Spans[i].Line.lower(withoutDeadlines)
	}
	return c
}

// lower allows what is asked of goodput to be missed by so many points.
func (l Line) lower(points float64) Line {
	share := points / 100
	l.Goodput = max(0, l.Goodput-points)
	l.Capacity = max(0, l.Capacity-share)
	for class := range l.Classes {
		b := &l.Classes[class]
		b.Least = max(0, b.Least-share)
		if b.Most > 0 {
			b.Most += share
		}
	}
	return l
}

// seeded is the scenario of one of the runs.
func (c Case) seeded(run int) *simulate.Scenario {
	sc := c.Scenario
	sc.Name = c.Row + ", " + c.Name
	sc.Seed = c.Seed + uint64(run) + 1
	return &sc
}

// enough sets how many runs it takes to see completions enough in each span, if the
// given share of the capacity is there.
func (c Case) enough(share float64) Case {
	completions, most := 2500.0, 40
	if c.Scenario.Capacity() <= 100 {
		completions, most = 10_000, 160 // cheap, and each run decides on few of them
	}
	least := share * c.Scenario.Capacity() * c.shortest().Seconds()
	c.Seeds = min(max(int(math.Ceil(completions/least)), 4), most)
	if c.Scenario.Capacity() >= 10_000 {
		c.Seeds = 2 // a second of it is twenty thousand completions
	}
	return c
}

func (c Case) shortest() time.Duration {
	shortest := c.Scenario.Length
	for _, s := range c.Spans {
		shortest = min(shortest, s.To-s.From)
	}
	return shortest
}
