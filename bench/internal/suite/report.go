package suite

import (
	"fmt"
	"io"
	"strconv"
)

// WriteText writes the block as a table with a list of its targets under it. It
// returns the error of its last write.
func (b Block) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "\n%s, -cpu %d\n  %s\n", b.Line, b.CPUs, b.Work)
	switch {
	case len(b.Metrics) > 0:
		b.writeMetrics(w)
	case b.has(func(s Sample) float64 { return s.HeapBytes }):
		fmt.Fprintf(w, "  %-44s %10s\n", "", "B of heap")
		for _, c := range b.Contenders {
			fmt.Fprintf(w, "  %-44s %10s\n", c.Name, figure(c.HeapBytes))
		}
	case b.has(func(s Sample) float64 { return s.P50Ns }):
		fmt.Fprintf(w, "  %-44s %8s %8s %8s %9s\n", "", "p50 us", "p99 us", "trips/op", "ops/s")
		for _, c := range b.Contenders {
			fmt.Fprintf(w, "  %-44s %8s %8s %8s %9s\n", c.Name,
				figure(c.P50Ns/1000), figure(c.P99Ns/1000), figure(c.TripsPerOp), figure(1e9/c.NsPerOp))
		}
	default:
		fmt.Fprintf(w, "  %-44s %10s %8s %10s\n", "", "ns/op", "B/op", "allocs/op")
		for _, c := range b.Contenders {
			fmt.Fprintf(w, "  %-44s %10s %8s %10s\n", c.Name, figure(c.NsPerOp), figure(c.BytesPerOp), figure(c.AllocsPerOp))
		}
	}
	if share := b.waited(); share >= 0.05 {
		fmt.Fprintf(w, "  (a busy machine: for %.0f %% of the time, threads waited for a processor)\n", 100*share)
	}
	var err error
	for _, v := range b.Verdicts {
		word := "met   "
		if !v.Met {
			word = "MISSED"
		}
		_, err = fmt.Fprintf(w, "  %s  %s: %s\n", word, v.Target, figure(v.Value))
	}
	return err
}

// writeMetrics writes a column for each figure, as wide as its name at least.
func (b Block) writeMetrics(w io.Writer) {
	fmt.Fprintf(w, "  %-24s", "")
	for _, name := range b.Metrics {
		fmt.Fprintf(w, " %8s", name)
	}
	for _, c := range b.Contenders {
		fmt.Fprintf(w, "\n  %-24s", c.Name)
		for _, name := range b.Metrics {
			fmt.Fprintf(w, " %*s", max(8, len(name)), figure(c.Metrics[name]))
		}
	}
	fmt.Fprintln(w)
}

// has reports whether a field was measured of anybody.
func (b Block) has(field func(Sample) float64) bool {
	for _, c := range b.Contenders {
		if field(c.Sample) > 0 {
			return true
		}
	}
	return false
}

// waited returns the median over the contenders of what they waited.
func (b Block) waited() float64 {
	var shares []float64
	for _, c := range b.Contenders {
		shares = append(shares, c.Waited)
	}
	return median(shares)
}

// figure prints three significant digits, and all digits before the point.
func figure(v float64) string {
	switch {
	case v >= 100 || v <= -100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

// WriteList writes what the suite would measure.
func (s Suite) WriteList(w io.Writer) error {
	fmt.Fprintf(w, "suite %s: %s\n", s.Name, s.About)
	for _, line := range s.Lines {
		fmt.Fprintf(w, "\n%s\n  %s\n", line.Name, line.Work)
		for _, c := range line.Contenders {
			fmt.Fprintf(w, "  - %s\n", c.Name)
		}
		for _, t := range line.Targets {
			fmt.Fprintf(w, "  target: %s\n", t)
		}
	}
	return WriteWithdrawn(w, s.Withdrawn)
}

// WriteWithdrawn names the peers that could not be built, nothing if there are
// none.
func WriteWithdrawn(w io.Writer, peers []Withdrawn) error {
	if len(peers) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(w, "\nnot measured:")
	for _, p := range peers {
		_, err = fmt.Fprintf(w, "  %s: %s\n", p.Module, p.Why)
	}
	return err
}
