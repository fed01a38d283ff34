package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/weirgo/weir/examples/internal/program"
)

// A result is what one run has shown.
type result struct {
	Capacity int      `json:"capacity"`
	Phases   []row    `json:"phases"`
	Broken   []string `json:"broken"`
	Failed   int      `json:"failed"`
}

func (r result) Verdict() string {
	if len(r.Broken) == 0 {
		return "All as it should be."
	}
	text := "Not as it should be:\n  " + strings.Join(r.Broken, "\n  ")
	if stall := r.stall(); stall > milliseconds(deadline)/10 {
		text += fmt.Sprintf("\nBut the machine stood still for up to %.0f ms at a time: is it busy with other things?", stall)
	}
	return text
}

func (r result) stall() (longest float64) {
	for _, p := range r.Phases {
		longest = max(longest, p.Stall)
	}
	return longest
}

func (o options) run(ctx context.Context, out io.Writer) (_ program.Result, err error) {
	w, err := newWorld()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	fmt.Fprintf(out, "%d backends can do %d requests/s; a user may make %d. Answers are good for %v.\n", fleet, capacity, userRate, deadline)
	head(out)
	res := result{Capacity: capacity, Broken: []string{}}
	sent := make(chan *trial)
	go func() {
		defer close(sent)
		err = w.send(ctx, o.plan(), sent)
	}()
	for t := range sent {
		r := t.row()
		line(out, r)
		res.Phases = append(res.Phases, r)
		res.Failed += t.tally.ended[failed]
		if wrong := t.promise(r); wrong != "" {
			res.Broken = append(res.Broken, t.name+": "+wrong)
		}
	}
	return res, err
}

// A trial is one phase of a run.
type trial struct {
	phase
	tally    tally
	requests sync.WaitGroup // that have not ended
	picks    []uint64       // by backend
}

// row waits until all requests have ended.
func (t *trial) row() row {
	t.requests.Wait()
	return t.tally.row(t.phase, t.picks)
}

// send goes through the phases, one right after the other, and passes each on when
// all of its requests were sent.
func (w *world) send(ctx context.Context, plan []phase, sent chan<- *trial) error {
	c := newClient(w.url)
	defer c.http.CloseIdleConnections()
	for _, p := range plan {
		if err := w.set(p.troubles); err != nil {
			return err
		}
		t := &trial{phase: p, picks: w.picks()}
		err := c.run(ctx, t)
		for i, n := range w.picks() {
			t.picks[i] = n - t.picks[i]
		}
		sent <- t
		if err != nil {
			return err
		}
	}
	return nil
}

func head(out io.Writer) {
	fmt.Fprintf(out, "%-17s %5s %8s %8s %6s %6s %6s %8s %8s %7s %7s %7s  %s\n",
		"", "load", "offered", "in time", "late", "429", "shed", "breaker", "backend", "failed", "p50 ms", "p99 ms", "shares of the backends")
}

func line(out io.Writer, r row) {
	fmt.Fprintf(out, "%-17s %4.1fx %8.0f %8.0f %6.1f %6.0f %6.0f %8.0f %8.0f %7.1f %7.0f %7.0f  ",
		r.Phase, r.Load, r.Offered, r.InTime, r.Late, r.Limited, r.Shed, r.Broken, r.Refused, r.Failed, r.P50, r.P99)
	for _, share := range r.Shares {
		fmt.Fprintf(out, "%3.0f %% ", 100*share)
	}
	fmt.Fprintln(out)
}
