package lab

import (
	"fmt"
	"io"
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// SeriesCase is the first row's service, asked for three times its capacity by n
// clients.
func SeriesCase(n int) Case {
	c := plain(fmt.Sprintf("clients: %d", n), 3)
	c.Row = "in series"
	for range n {
		c.Scenario.Callers = append(c.Scenario.Callers, 1)
	}
	return c
}

// A SeriesResult is what clients and server did together.
type SeriesResult struct {
	Measured
	ByClient, ByServer int     // refused, in all of the runs
	Trips              uint64  // how often a breaker of Weir's opened
	Worst              float64 // the goodput of the worst second, as a share of the capacity
}

// MeasureSeries runs the case of a series. The oracle is in front of the server alone.
func MeasureSeries(c Case, name string, make func() *Series, in Bubble) SeriesResult {
	out := SeriesResult{Worst: 1}
	var figures []Figures
	in(func() {
		figures = c.figures(func(sc *simulate.Scenario) *simulate.Result {
			s := make()
			r := Run(sc, s)
			out.count(s, r, c)
			return r
		})
	})
	out.Measured = Measured{Case: c, Span: c.Spans[0], Best: Oracle(c)[0], By: name, Figures: figures[0]}
	return out
}

func (out *SeriesResult) count(s *Series, r *simulate.Result, c Case) {
	out.ByClient += s.ByClient
	out.ByServer += s.ByServer
	out.Trips += s.trips()
	for at := c.Spans[0].From; at < c.Spans[0].To; at += time.Second {
		good := float64(r.Between(at, at+time.Second).Good)
		out.Worst = min(out.Worst, good/c.Scenario.Capacity())
	}
}

// WriteText writes the result as lines of a table.
func (out SeriesResult) WriteText(w io.Writer) error {
	if err := out.Measured.WriteText(w); err != nil {
		return err
	}
	refused := out.ByClient + out.ByServer
	_, err := fmt.Fprintf(w, "%31s%.0f %% of the refusals by clients; the worst second has %.0f %% of the capacity\n",
		"", 100*float64(out.ByClient)/float64(max(1, refused)), 100*out.Worst)
	return err
}
