package lab

import (
	"fmt"
	"slices"
)

// GoodputOverLoad draws pages of one service under steady loads, in rising order.
func GoodputOverLoad(pages []Page) Chart {
	sc := pages[0].Case.Scenario
	top := sc.Capacity()
	return Chart{
		Title:  "Goodput over load",
		Below:  about(pages[0].Case) + "; each limiter with its default options",
		X:      loads(pages),
		Y:      linear("answers within the deadline, per second", top/5, 6),
		Curves: append(overLoad(pages, Measured.goodput), bests(pages)),
		Levels: []Curve{level("capacity", pages, top)},
	}
}

// P99OverLoad draws the same pages.
func P99OverLoad(pages []Page) Chart {
	deadline := pages[0].Case.Scenario.Deadline
	return Chart{
		Title:  "How long admitted requests take, over load",
		Below:  about(pages[0].Case) + "; without a limit it grows for as long as the load lasts",
		X:      loads(pages),
		Y:      durations("99th percentile, logarithmic", deadline/10, 1000*deadline),
		Curves: answering(overLoad(pages, func(m Measured) float64 { return milliseconds(m.P99) })),
		Levels: []Curve{level("deadline", pages, milliseconds(deadline))},
	}
}

// GoodputOverTime draws a course.
func GoodputOverTime(c Course) Chart {
	capacity := c.Case.Scenario.Capacity()
	return Chart{
		Title: "Goodput through a slow backend", Below: duringSlowness(c.Case),
		X: seconds(c.Case), Y: linear("answers within the deadline, per second", capacity/5, 6),
		Curves: c.Goodput, Levels: []Curve{able(c.Case)},
	}
}

// P99OverTime draws a course.
func P99OverTime(c Course) Chart {
	deadline := c.Case.Scenario.Deadline
	end := c.Case.Scenario.Length.Seconds()
	return Chart{
		Title: "How long admitted requests take, through a slow backend", Below: duringSlowness(c.Case),
		X: seconds(c.Case), Y: durations("99th percentile, logarithmic", deadline/10, 1000*deadline),
		Curves: answering(c.P99),
		Levels: []Curve{{"deadline", levelStyle, []Point{{0, milliseconds(deadline)}, {end, milliseconds(deadline)}}}},
	}
}

func duringSlowness(c Case) string {
	slow := c.Spans[0]
	return fmt.Sprintf("%s; offered %.0f/s; three times slower from %g s to %g s; by the time of arrival",
		about(c), c.Scenario.Load[0].Value*c.Scenario.Capacity(), slow.From.Seconds(), slow.To.Seconds())
}

func seconds(c Case) Axis { return linear("time, s", c.Scenario.Length.Seconds()/8, 8) }

// able is what the service can do.
func able(c Case) Curve {
	sc := c.Scenario
	now := sc.Capacity()
	curve := Curve{"what the service can do", levelStyle, []Point{{0, now}}}
	for _, s := range sc.Slowness {
		then := sc.Capacity() / s.Value
		curve.Points = append(curve.Points, Point{s.At.Seconds(), now}, Point{s.At.Seconds(), then})
		now = then
	}
	curve.Points = append(curve.Points, Point{sc.Length.Seconds(), now})
	return curve
}

func about(c Case) string {
	return fmt.Sprintf("%s, deadline %s", c.Row, duration(c.Scenario.Deadline))
}

func loadOf(p Page) float64 { return p.Case.Scenario.Load[0].Value }

func loads(pages []Page) Axis {
	var values []float64
	for _, p := range pages {
		values = append(values, loadOf(p))
	}
	return multiples("offered load, in multiples of the capacity, logarithmic", values...)
}

func level(name string, pages []Page, v float64) Curve {
	return Curve{name, levelStyle, []Point{{loadOf(pages[0]), v}, {loadOf(pages[len(pages)-1]), v}}}
}

// overLoad returns a curve for each subject that can see deadlines.
func overLoad(pages []Page, value func(Measured) float64) (curves []Curve) {
	for i, m := range pages[0].Lines {
		if m.Case.Scenario.Hidden {
			continue
		}
		curve := Curve{Name: m.By, Style: styles[m.By]}
		for _, p := range pages {
			curve.Points = append(curve.Points, Point{loadOf(p), value(p.Lines[i])})
		}
		curves = append(curves, curve)
	}
	return curves
}

// answering leaves out where a limiter lets nothing through, and no answer took any
// time.
func answering(curves []Curve) []Curve {
	for i := range curves {
		curves[i].Points = slices.DeleteFunc(curves[i].Points, func(p Point) bool { return p.Y == 0 })
	}
	return curves
}

func bests(pages []Page) Curve {
	curve := Curve{Name: oracleName, Style: styles[oracleName]}
	for _, p := range pages {
		b := p.Bests[0]
		curve.Points = append(curve.Points, Point{loadOf(p), float64(b.Good) / b.Seconds})
	}
	return curve
}

// goodput is per second.
func (m Measured) goodput() float64 { return float64(m.Good) / m.Seconds }
