package lab

import (
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// timelineSteps is how many parts a timeline has. A result is kept in a thousand, so
// that each part is the sum of ten.
const timelineSteps = 100

// A Timeline is how a case went, step by step. The points lie in the middle of the
// steps in which requests arrived, X being seconds.
type Timeline struct {
	Goodput []Point // answers in time, per second
	P99     []Point // of the answers, in milliseconds; 0 where there is none
}

// NewTimeline runs a case. It must be called in a bubble.
func NewTimeline(c Case, s Subject) Timeline {
	return c.timeline(func(sc *simulate.Scenario) *simulate.Result { return Run(sc, c.guard(s)) })
}

// bestTimeline is the timeline of a fixed limit. It needs no bubble.
func bestTimeline(c Case, limit int) Timeline {
	return c.timeline(func(sc *simulate.Scenario) *simulate.Result {
		return simulate.Run(sc, fixed(limit), func(time.Duration) {})
	})
}

func (c Case) timeline(run func(*simulate.Scenario) *simulate.Result) Timeline {
	t := Timeline{make([]Point, timelineSteps), make([]Point, timelineSteps)}
	step := c.timelineStep()
	runs := float64(c.Seeds)
	for seed := range c.Seeds {
		result := run(c.seeded(seed))
		for i := range timelineSteps {
			from := time.Duration(i) * step
			t.Goodput[i].X = (from + step/2).Seconds()
			t.P99[i].X = t.Goodput[i].X
			t.Goodput[i].Y += float64(result.Between(from, from+step).Good) / step.Seconds() / runs
			t.P99[i].Y += milliseconds(result.Quantile(0.99, from, from+step)) / runs
		}
	}
	return t
}

func (c Case) timelineStep() time.Duration { return c.Scenario.Length / timelineSteps }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// A Course is how a case went over time, by subject.
type Course struct {
	Case         Case
	Goodput, P99 []Curve
}

// NewCourse measures a case over time. The oracle is the one of its first span.
func NewCourse(c Case, subjects []Subject, in Bubble) Course {
	course := Course{Case: c}
	for _, s := range subjects {
		in(func() { course.add(s.Name, NewTimeline(c, s)) })
	}
	course.add(oracleName, bestTimeline(c, Oracle(c)[0].Limit))
	return course
}

func (course *Course) add(name string, t Timeline) {
	course.Goodput = append(course.Goodput, Curve{name, styles[name], t.Goodput})
	course.P99 = append(course.P99, Curve{name, styles[name], t.P99})
}
