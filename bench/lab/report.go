package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A Plan is what a report is about.
type Plan struct {
	Rows   []Row
	Others []Case    // cases of no row
	Chart  Row       // the service in the charts
	Loads  []float64 // the loads in the charts, in rising order
}

// Whole is the report on everything.
func Whole() Plan {
	return Plan{
		Rows: Rows(), Others: append(Shapes(), Classes()...),
		Chart: Rows()[0], Loads: []float64{0.5, 0.8, 1, 1.5, 2, 3, 5, 10},
	}
}

// A Report is what was measured to a plan.
type Report struct {
	ByRow  [][]Page
	Others []Page
	OfLoad []Page
	Course Course
	Series []SeriesResult
}

// Write writes the report into a directory: results.txt with every figure,
// results.md with a table per service, and the charts.
func (r Report) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"results.txt":           r.text(),
		"results.md":            r.markdown(),
		"goodput-over-load.svg": GoodputOverLoad(r.OfLoad).SVG(),
		"p99-over-load.svg":     P99OverLoad(r.OfLoad).SVG(),
		"goodput-over-time.svg": GoodputOverTime(r.Course).SVG(),
		"p99-over-time.svg":     P99OverTime(r.Course).SVG(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r Report) text() []byte {
	var b bytes.Buffer
	for _, pages := range slices.Concat(r.ByRow, [][]Page{r.Others, r.OfLoad}) {
		for _, p := range pages {
			p.WriteText(&b)
		}
	}
	b.WriteString("\nA breaker in the client, a shedder in the server\n")
	WriteHeading(&b)
	for _, s := range r.Series {
		s.WriteText(&b)
	}
	return b.Bytes()
}

func (r Report) markdown() []byte {
	var b bytes.Buffer
	b.WriteString(explanation)
	for _, pages := range slices.Concat(r.ByRow, byRow(r.Others)) {
		fmt.Fprintf(&b, "\n## %s\n\n", pages[0].Case.Row)
		WriteMatrix(&b, pages)
	}
	return b.Bytes()
}

// byRow cuts pages where the row changes.
func byRow(pages []Page) (rows [][]Page) {
	for i, p := range pages {
		if i == 0 || pages[i-1].Case.Row != p.Case.Row {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], p)
	}
	return rows
}

const explanation = `# Goodput in percent of the best fixed limit

Virtual time, open-loop Poisson arrivals, a pool of workers that is first come, first
served. Goodput is what was answered within its deadline, by the time of arrival. The
first column has the fixed limit that would have been the best for that very span,
found with hindsight, and which share of the offered it serves. In brackets: how many
of the admitted were answered too late, in percent, where that is 0.05 and more.

Steady loads are counted after a warm-up of 5 s, or 20 mean service times if that is
longer. What is slow counts from its first moment on, backlog included; the time after
it from 5 s, or 10 service times, after its end. How many answers each figure rests on
stands in results.txt.
`
