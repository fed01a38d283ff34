package lab

import (
	"fmt"
	"io"
	"strings"
)

const (
	headings = "%-30s %6s %6s %5s | %-18s %-8s %7s %5s %5s %6s %6s %8s\n"
	figures  = "%-30s %6d %6.1f %5.2f | %-18s %-8s %7.1f %5s %5.2f %6.2f %6.1f %8d%s\n"
)

// WriteHeading writes what belongs above lines of [Measured.WriteText].
func WriteHeading(w io.Writer) error {
	_, err := fmt.Fprintf(w, headings,
		"span", "oracle", "served", "late", "who", "deadline", "goodput", "line", "late", "refuse", "p99", "answers")
	return err
}

// WriteText writes a line of a table: the oracle's limit, which share of the offered
// it serves and which share of the admitted is late, in percent; then the subject's
// goodput in percent of the oracle's, what it should be at least, its late and
// refused ones, its p99 in mean service times, and how many answers that rests on.
func (m Measured) WriteText(w io.Writer) error {
	line, mark := "", ""
	if m.Span.Line.Goodput > 0 {
		line = fmt.Sprintf("%g", m.Span.Line.Goodput)
	}
	if len(m.Missed()) > 0 {
		mark = " MISSED"
	}
	_, err := fmt.Fprintf(w, figures,
		m.Span.Name, m.Best.Limit, 100*m.Best.Served(), 100*m.Best.LateShare(),
		m.By, m.Deadlines(), m.OfOracle(), line,
		100*m.LateShare(), 100*m.RefusedShare(), m.P99Services(), m.Completed(), mark)
	if err == nil && m.Case.Scenario.Classes != [4]float64{} {
		_, err = fmt.Fprintf(w, "%31s%s\n", "", m.ByClass())
	}
	return err
}

// P99Services is the p99 in mean service times.
func (m Measured) P99Services() float64 {
	return m.P99.Seconds() / m.Case.Scenario.Mean.Seconds()
}

// ByClass tells the share served of each class, and what that makes together.
func (m Measured) ByClass() string {
	var parts []string
	for class, n := range m.Classes {
		if n.Offered > 0 {
			parts = append(parts, fmt.Sprintf("%s %.1f", ClassName(class), 100*n.Served()))
		}
	}
	return fmt.Sprintf("served %%: %s; %.1f %% of the capacity", strings.Join(parts, ", "), 100*m.OfCapacity())
}
