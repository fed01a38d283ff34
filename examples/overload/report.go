package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// table shows the result to people. Rates are requests per second.
func table(p plan, res result) string {
	var sb strings.Builder
	w := tabwriter.NewWriter(&sb, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "load\tserver\toffered/s\tgood/s\tof capacity\trefused/s\tlate/s\tp50 ms\tp99 ms\t")
	for _, r := range res.Rows {
		line(w, p, res.Capacity, r.Load, "bare", r.Bare)
		line(w, p, res.Capacity, r.Load, "protected", r.Protected)
	}
	_ = w.Flush() // a Builder takes everything
	fmt.Fprintf(&sb, "\ncapacity %.0f/s; good: answered within %v; p50, p99: how long users waited, refusals left out",
		res.Capacity, p.deadline)
	if hungUp(p, res) {
		fmt.Fprintf(&sb, " (%d: they hung up)", p.patience.Milliseconds())
	}
	sb.WriteString("\n")
	if n := mostFailed(res); n > 0 {
		fmt.Fprintf(&sb, "up to %.0f/s failed otherwise: is the machine out of file descriptors or very busy?\n", n)
	}
	if res.stall > p.maxStall() {
		fmt.Fprintf(&sb, "the machine stood still for up to %d ms at a time; both servers look worse for it\n",
			res.stall.Milliseconds())
	}
	return sb.String()
}

func line(w *tabwriter.Writer, p plan, capacity, load float64, name string, f figures) {
	fmt.Fprintf(w, "%.1fx\t%s\t%.0f\t%.0f\t%.0f %%\t%.0f\t%.0f\t%.0f\t%.0f\t\n",
		load, name, f.Offered, f.Goodput, percent(f.Goodput, capacity), f.Refused, f.Late, f.P50, f.P99)
}

// verdict says in one sentence what the highest load did to both systems.
func verdict(p plan, res result) string {
	if len(res.Rows) == 0 {
		return "Nothing was measured."
	}
	top := res.Rows[len(res.Rows)-1]
	return fmt.Sprintf("At %gx its capacity the bare server answers %s; behind Weir it answers %s.",
		top.Load, share(p, res.Capacity, top.Bare), share(p, res.Capacity, top.Protected))
}

func share(p plan, capacity float64, f figures) string {
	wait := fmt.Sprintf("p99 %.0f ms", f.P99)
	if f.P99 >= milliseconds(p.patience) {
		wait = fmt.Sprintf("p99 over %.0f ms", f.P99)
	}
	return fmt.Sprintf("%.0f requests/s in time (%.0f %% of capacity, %s)",
		f.Goodput, percent(f.Goodput, capacity), wait)
}

func percent(part, whole float64) float64 { return 100 * part / whole }

// hungUp reports whether a percentile is the users' patience, not an answer.
func hungUp(p plan, res result) bool {
	for _, r := range res.Rows {
		if max(r.Bare.P99, r.Protected.P99) >= milliseconds(p.patience) {
			return true
		}
	}
	return false
}

func mostFailed(res result) float64 {
	most := 0.0
	for _, r := range res.Rows {
		most = max(most, r.Bare.Failed, r.Protected.Failed)
	}
	return most
}
