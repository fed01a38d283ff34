package lab

import (
	"fmt"
	"io"
	"strings"

	"github.com/weirgo/weir/internal/simulate"
)

// WriteMatrix writes pages as one table in Markdown: a line for each span, and a
// column for each subject. A cell has the goodput in percent of the oracle's and,
// where answers are late, their share in percent; or, where requests differ in how
// critical they are, the share of each class that is served.
func WriteMatrix(w io.Writer, pages []Page) error {
	heads := []string{"", oracleName}
	for _, m := range pages[0].Lines {
		if m.Span.Name == pages[0].Case.Spans[0].Name {
			heads = append(heads, m.who())
		}
	}
	writeCells(w, heads)
	err := writeCells(w, append([]string{"---"}, repeat("--:", len(heads)-1)...))
	for _, p := range pages {
		for i, span := range p.Case.Spans {
			cells := []string{span.Name, p.Bests[i].cell()}
			for _, m := range p.of(span) {
				cells = append(cells, m.cell())
			}
			err = writeCells(w, cells)
		}
	}
	return err
}

// of returns the lines of a span.
func (p Page) of(s Span) (lines []Measured) {
	for _, m := range p.Lines {
		if m.Span.Name == s.Name {
			lines = append(lines, m)
		}
	}
	return lines
}

func repeat(s string, n int) (all []string) {
	for range n {
		all = append(all, s)
	}
	return all
}

func writeCells(w io.Writer, cells []string) error {
	_, err := fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	return err
}

func (m Measured) who() string {
	if m.Case.Scenario.Hidden {
		return m.By + ", deadlines hidden"
	}
	return m.By
}

// cell has the limit, and which share it serves.
func (b Best) cell() string { return fmt.Sprintf("%d: %.0f %%", b.Limit, 100*b.Served()) }

func (m Measured) cell() string {
	if m.Case.Scenario.Classes != [simulate.NumClasses]float64{} {
		return m.classCell()
	}
	goodput := fmt.Sprintf("%.0f", m.OfOracle())
	if late := 100 * m.LateShare(); late >= 0.05 {
		return fmt.Sprintf("%s (%.1f)", goodput, late)
	}
	return goodput
}

func (m Measured) classCell() string {
	var shares []string
	for _, n := range m.Classes {
		if n.Offered > 0 {
			shares = append(shares, fmt.Sprintf("%.0f", 100*n.Served()))
		}
	}
	return strings.Join(shares, "/")
}
