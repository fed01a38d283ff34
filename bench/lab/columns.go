package lab

import (
	"fmt"
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// Loads are the steady ones, in multiples of the capacity.
func Loads() []float64 { return []float64{0.8, 1.5, 3, 10} }

// Cases returns what happens to a service, one after the other.
func (r Row) Cases() []Case {
	var cases []Case
	for _, load := range Loads() {
		cases = append(cases, r.Steady(load))
	}
	return append(cases,
		r.Slow(0.8), r.Slow(1.5), r.halved(), r.bursts(), r.ramp(), r.cold(),
	)
}

// Steady is the same load all the time. What happens in the warm-up does not count.
func (r Row) Steady(load float64) Case {
	length := max(r.atLeast(10*time.Second, 100), time.Duration(500/r.rate()*float64(time.Second)))
	if r.fast() {
		length = 3 * time.Second
	}
	c := r.newCase(fmt.Sprintf("steady %gx", load))
	c.Scenario.Load = simulate.Always(load)
	c.Scenario.Length = r.warmUp() + length
	line := Line{Goodput: r.Lines.Steady}
	if load < 1 {
		line.Refused = r.Refused
	} else {
		line.Late = r.Late
	}
	c.Spans = []Span{{c.Name, r.warmUp(), c.Scenario.Length, line}}
	return c.enough(min(load, 1))
}

// Slow is a backend that becomes three times slower and then recovers. The time of
// slowness counts from its first moment, the time after it once the backlog may be
// gone.
func (r Row) Slow(load float64) Case {
	begin := r.change()
	end := begin + r.change()
	settled := end + r.atLeast(5*time.Second, 10)
	length := settled + r.change()/2
	c := r.newCase(fmt.Sprintf("3x slower at %gx", load))
	c.Scenario.Load = simulate.Always(load)
	c.Scenario.Slowness = []simulate.Step{{Value: 1}, {At: begin, Value: 3}, {At: end, Value: 1}}
	c.Scenario.Length = length
	c.Spans = []Span{
		{c.Name, begin, end, Line{Goodput: r.Lines.Slow}},
		{fmt.Sprintf("after it at %gx", load), settled, length, Line{Goodput: r.Lines.Recovered}},
	}
	return c.enough(1.0 / 3)
}

// halved loses half of its workers for good, or half of its speed if there is one
// worker only.
func (r Row) halved() Case {
	begin := r.change()
	c := r.newCase("halved at 0.8x")
	c.Scenario.Load = simulate.Always(0.8)
	if r.Workers > 1 {
		c.Scenario.Pool = []simulate.Step{{Value: 1}, {At: begin, Value: 0.5}}
	} else {
		c.Scenario.Slowness = []simulate.Step{{Value: 1}, {At: begin, Value: 2}}
	}
	c.Scenario.Length = begin + r.change()
	c.Spans = []Span{{c.Name, begin, c.Scenario.Length, Line{Goodput: r.Lines.Halved}}}
	return c.enough(0.5)
}

// bursts come every ten seconds and last for one.
func (r Row) bursts() Case {
	const period = 10 * time.Second
	warm := (r.warmUp() + period - 1) / period * period
	counted := max(30*time.Second, (r.change()+period-1)/period*period)
	if r.fast() {
		counted = 2 * period
	}
	c := r.newCase("bursts of 10x on 0.5x")
	c.Scenario.Length = warm + counted
	c.Scenario.Load = simulate.Bursts(c.Scenario.Length, period, time.Second, 0.5, 10)
	c.Spans = []Span{{c.Name, warm, c.Scenario.Length, Line{Goodput: r.Lines.Bursts}}}
	return c.enough(0.6)
}

// ramp rises slowly.
func (r Row) ramp() Case {
	rise := 2 * r.change()
	c := r.newCase("ramp from 0.5x to 3x")
	c.Scenario.Load = simulate.Ramp(r.warmUp(), r.warmUp()+rise, 0.5, 3, 60)
	c.Scenario.Load[0].At = 0
	c.Scenario.Length = r.warmUp() + rise
	c.Spans = []Span{{c.Name, r.warmUp(), c.Scenario.Length, Line{Goodput: r.Lines.Ramp}}}
	return c.enough(0.8)
}

// cold begins with three times the capacity.
func (r Row) cold() Case {
	c := r.newCase("cold start at 3x")
	c.Scenario.Load = simulate.Always(3)
	c.Scenario.Length = r.atLeast(10*time.Second, 40)
	c.Spans = []Span{{c.Name, 0, c.Scenario.Length, Line{Goodput: r.Lines.Cold}}}
	return c.enough(1)
}

func (r Row) newCase(name string) Case {
	return Case{Row: r.Name, Name: name, Scenario: r.scenario()}
}
