package lab

import (
	"fmt"
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// shapes is the name of the services that are in no row. The constants of a guard
// were not tuned on them.
const shapes = "other shapes"

// ofOther is what must be reached there, in percent of the oracle.
const ofOther = 95

// Shapes returns what the rows lack.
func Shapes() []Case {
	cases := []Case{growing(), shrinking(1.5), shrinking(3)}
	for _, load := range []float64{1.5, 3} {
		cases = append(cases, sharing(load), patiences(load), rare(load))
		for _, n := range []int{2, 3, 5} {
			cases = append(cases, several(n, load))
		}
	}
	return append(cases, huge(1), huge(1.5))
}

// plain is the first row's service under a steady load.
func plain(name string, load float64) Case {
	c := Rows()[0].Steady(load)
	c.Row, c.Name = shapes, fmt.Sprintf("%s at %gx", name, load)
	c.Spans[0].Name = c.Name
	c.Spans[0].Line = Line{Goodput: ofOther}
	return c
}

// sharing serves all requests at a time, each more slowly.
func sharing(load float64) Case {
	c := plain("processor sharing", load)
	c.Scenario.Sharing = true
	return c
}

// patiences are of several users, some of them in a hurry.
func patiences(load float64) Case {
	c := plain("mixed deadlines", load)
	for _, ms := range []time.Duration{50, 100, 200, 500, 1000} {
		c.Scenario.Deadlines = append(c.Scenario.Deadlines, ms*time.Millisecond)
	}
	return c
}

// several guards stand in front of one service. None knows of the others.
func several(n int, load float64) Case {
	c := plain(fmt.Sprintf("%d guards", n), load)
	c.Guards = n
	for range n {
		c.Scenario.Callers = append(c.Scenario.Callers, 1)
	}
	return c
}

// rare has five requests per second.
func rare(load float64) Case {
	row := Row{
		Name: shapes, Workers: 3, Mean: 600 * time.Millisecond, Service: simulate.Exponential, Patience: 10,
		Lines: Lines{Steady: ofOther},
	}
	c := row.Steady(load)
	c.Name = fmt.Sprintf("5/s at %gx", load)
	c.Spans[0].Name = c.Name
	return c
}

// huge has fifty thousand requests per second.
func huge(load float64) Case {
	row := Row{
		Name: shapes, Workers: 500, Mean: 10 * time.Millisecond, Service: simulate.Exponential, Patience: 10,
		Lines: Lines{Steady: ofOther},
	}
	c := row.Steady(load)
	c.Name = fmt.Sprintf("50,000/s at %gx", load)
	c.Spans[0].Name = c.Name
	c.Seeds = 1
	return c
}

// growing gets twice the workers, and loses them again.
func growing() Case { return steps("doubled", 2, 3) }

// shrinking loses half of the workers, and gets them back.
func shrinking(load float64) Case { return steps("halved", 0.5, load) }

func steps(name string, factor, load float64) Case {
	const each = 20 * time.Second
	c := plain(name, load)
	c.Scenario.Pool = []simulate.Step{{Value: 1}, {At: each, Value: factor}, {At: 2 * each, Value: 1}}
	c.Scenario.Length = 3 * each
	c.Spans = []Span{
		{c.Name, each, 2 * each, Line{Goodput: ofOther}},
		{fmt.Sprintf("and back at %gx", load), 2 * each, 3 * each, Line{Goodput: ofOther}},
	}
	return c
}
