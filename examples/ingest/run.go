package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
)

// rounds is how many turns each server has. In the second and in the third one the
// server that groups is killed.
const rounds = 4

func (o options) run(ctx context.Context, out io.Writer) (program.Result, error) {
	dir, err := os.MkdirTemp(o.dir, "ingest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	begin := time.Now()
	grouped := newTarget("grouped", filepath.Join(dir, "grouped.log"), o, o.settings.args()...)
	targets := []*target{grouped}
	if o.naive {
		targets = append(targets, newTarget("naive", filepath.Join(dir, "naive.log"), o, "-naive"))
	}
	if err := o.post(ctx, out, targets); err != nil {
		return nil, err
	}
	res := result{Kill: o.kill, Restarts: grouped.restarts, Seconds: time.Since(begin).Seconds()}
	var all audit
	for _, t := range targets {
		a, err := auditFile(t.file, t.callers)
		if err != nil {
			return nil, err
		}
		all = all.plus(a)
	}
	res.Twice, res.Lost = all.twice, all.lost
	res.Grouped = grouped.measured(o.lines)
	if o.naive {
		naive := targets[1].measured(o.lines)
		res.Naive = &naive
	}
	return res, errors.Join(all.err(), res.err())
}

// post has callers post to the targets in turns. All servers have ended when it returns.
func (o options) post(ctx context.Context, out io.Writer, targets []*target) error {
	for _, t := range targets {
		defer t.hangUp()
		if err := t.start(ctx); err != nil {
			return err
		}
		defer t.close()
	}
	head(out)
	length := o.length() / rounds
	for round := range rounds {
		for _, t := range targets {
			part, signal := length, 0
			switch {
			case t != targets[0]:
				part = length / 3
			case len(targets) > 1:
				part = length * 2 / 3
			}
			if t == targets[0] && (round == 1 || round == 2) {
				signal = o.kill
			}
			if err := t.turn(ctx, out, part, signal); err != nil {
				return err
			}
		}
	}
	for _, t := range targets {
		if err := t.end(out); err != nil {
			return err
		}
	}
	return nil
}

func head(out io.Writer) {
	fmt.Fprintf(out, "%-8s %9s %12s %9s %9s %6s %6s %11s\n",
		"server", "lines/s", "lines/fsync", "p50", "p99", "503", "500", "unanswered")
}

func row(out io.Writer, t *target, sum tally, took time.Duration, f figures) {
	perSecond := float64(len(sum.took)*t.callers[0].lines) / took.Seconds()
	fmt.Fprintf(out, "%-8s %9.0f %12.1f %6.1f ms %6.1f ms %6d %6d %11d\n", t.name, perSecond, f.linesPerFsync(),
		quantile(sum.took, 0.5), quantile(sum.took, 0.99), sum.refused, sum.failed, sum.unanswered)
}

// quantile returns milliseconds; 0 if there is nothing in sorted.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return float64(sorted[i]) / float64(time.Millisecond)
}

// A result is what one run has shown.
type result struct {
	Seconds  float64   `json:"seconds"`
	Kill     int       `json:"kill"`
	Restarts int       `json:"restarts"`
	Grouped  measured  `json:"grouped"`
	Naive    *measured `json:"naive,omitempty"`
	Twice    int       `json:"twice"` // lines that are there again, as nobody had answered
	Lost     int       `json:"lost"`  // lines that were acknowledged
}

// Measured is what one server has done. A post takes from when it was sent for the last
// time until it was acknowledged.
type measured struct {
	Lines         int     `json:"lines"`            // acknowledged
	PerSecond     float64 `json:"lines_per_second"` // in the turns in which it was not killed
	LinesPerFsync float64 `json:"lines_per_fsync"`
	P50           float64 `json:"p50_ms"`
	P99           float64 `json:"p99_ms"`
	Refused       int     `json:"refused"`    // answered 503
	Failed        int     `json:"failed"`     // answered 500
	Unanswered    int     `json:"unanswered"` // and posted again
	Retries       uint64  `json:"retries"`    // of batches
}

func (t *target) measured(perPost int) measured {
	took := slices.Sorted(slices.Values(t.total.took))
	lines := len(took) * perPost
	return measured{
		Lines: lines, PerSecond: float64(t.calmly*perPost) / t.calm.Seconds(), LinesPerFsync: t.past.linesPerFsync(),
		P50: quantile(took, 0.5), P99: quantile(took, 0.99), Retries: t.past.Retries,
		Refused: t.total.refused, Failed: t.total.failed, Unanswered: t.total.unanswered,
	}
}

func (a audit) err() error {
	switch {
	case a.lost > 0:
		return fmt.Errorf("%d lines were acknowledged and are not in the file", a.lost)
	case a.wrong > 0:
		return fmt.Errorf("%d lines are in the file and should not be", a.wrong)
	}
	return nil
}

func (r result) err() error {
	if r.Grouped.Lines == 0 {
		return fmt.Errorf("nothing was acknowledged, and %d posts failed", r.Grouped.Failed)
	}
	return nil
}

func (r result) Verdict() string {
	var text strings.Builder
	text.WriteString(r.Grouped.verdict("grouped") + "\n")
	if r.Naive != nil {
		fmt.Fprintf(&text, "%s\ngrouped does %.1f times the lines of naive.\n",
			r.Naive.verdict("naive"), r.Grouped.PerSecond/max(1, r.Naive.PerSecond))
	}
	fmt.Fprintf(&text, "The server was killed with %d, %d times: of %d lines acknowledged %d were lost, and %d are there twice.",
		r.Kill, r.Restarts, r.lines(), r.Lost, r.Twice)
	return text.String()
}

func (r result) lines() int {
	if r.Naive == nil {
		return r.Grouped.Lines
	}
	return r.Grouped.Lines + r.Naive.Lines
}

func (m measured) verdict(name string) string {
	return fmt.Sprintf("%-8s %9.0f %12.1f %6.1f ms %6.1f ms %6d %6d %11d",
		name, m.PerSecond, m.LinesPerFsync, m.P50, m.P99, m.Refused, m.Failed, m.Unanswered)
}
