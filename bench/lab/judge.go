package lab

import (
	"fmt"
)

// A Measured is what a subject did in a span of a case, beside the oracle.
type Measured struct {
	Case Case
	Span Span
	Best Best
	By   string // the name of the subject
	Figures
}

// OfOracle is the goodput in percent of the oracle's.
func (m Measured) OfOracle() float64 {
	if m.Best.Good == 0 {
		return 100
	}
	return 100 * float64(m.Good) / float64(m.Best.Good)
}

// OfCapacity is the goodput as a share, 0 to 1, of the nominal capacity.
func (m Measured) OfCapacity() float64 {
	return float64(m.Good) / (m.Case.Scenario.Capacity() * m.Seconds)
}

// Deadlines says whether the subject could see them.
func (m Measured) Deadlines() string {
	if m.Case.Scenario.Hidden {
		return "hidden"
	}
	return "visible"
}

// Missed returns which parts of the line of the span were missed, and by what.
func (m Measured) Missed() []string {
	missed := m.missedGoodput()
	for class, b := range m.Span.Line.Classes {
		missed = append(missed, m.missedClass(class, b)...)
	}
	where := fmt.Sprintf("%s, %s, deadlines %s: ", m.Case.Row, m.Span.Name, m.Deadlines())
	for i := range missed {
		missed[i] = where + missed[i]
	}
	return missed
}

func (m Measured) missedGoodput() (missed []string) {
	miss := func(format string, args ...any) { missed = append(missed, fmt.Sprintf(format, args...)) }
	line := m.Span.Line
	if got := m.OfOracle(); got < line.Goodput {
		miss("goodput %.1f %% of the oracle's, should be %g %% (%d of %d answers)", got, line.Goodput, m.Good, m.Best.Good)
	}
	if got := m.LateShare(); line.Late > 0 && got >= line.Late {
		miss("%.2f %% late, should be under %g %%", 100*got, 100*line.Late)
	}
	if got := m.RefusedShare(); line.Refused > 0 && got >= line.Refused {
		miss("%.2f %% refused, should be under %g %%", 100*got, 100*line.Refused)
	}
	if got := m.OfCapacity(); got < line.Capacity {
		miss("goodput %.1f %% of the capacity, should be %g %%", 100*got, 100*line.Capacity)
	}
	return missed
}

func (m Measured) missedClass(class int, b Bounds) (missed []string) {
	n := m.Classes[class]
	if n.Offered == 0 {
		return nil
	}
	name := ClassName(class)
	if got := n.Served(); got < b.Least {
		missed = append(missed, fmt.Sprintf("%.2f %% of %s served, should be %g %% at least", 100*got, name, 100*b.Least))
	}
	if got := n.Served(); b.Most > 0 && got > b.Most {
		missed = append(missed, fmt.Sprintf("%.2f %% of %s served, should be %g %% at most", 100*got, name, 100*b.Most))
	}
	return missed
}

// ClassName is what a class of package simulate is called in package weir.
func ClassName(class int) string { return criticality(class).String() }
