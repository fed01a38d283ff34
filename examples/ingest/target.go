package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A target is a server with its file, one process after the other, and those who post
// to it.
type target struct {
	name    string
	file    string
	args    []string
	client  *http.Client
	url     atomic.Pointer[string]
	callers []*caller

	running *process // nil if there is none
	past    figures  // of those that have ended

	restarts int
	total    tally
	calm     time.Duration // of turns in which the server was not killed
	calmly   int           // posts acknowledged in these
}

func newTarget(name, file string, o options, args ...string) *target {
	t := &target{name: name, file: file, args: append(args, "-file", file, "-addr", "127.0.0.1:0")}
	t.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	for id := range o.callers {
		t.callers = append(t.callers, newCaller(id, o.lines, &t.url))
	}
	return t
}

// start starts the server. It gets another port each time, since somebody else may have
// taken the one before meanwhile.
func (t *target) start(ctx context.Context) error {
	p, err := start(ctx, t.args)
	if err != nil {
		return err
	}
	t.running = p
	t.url.Store(&p.url)
	return nil
}

// restart kills the server and starts it again.
func (t *target) restart(ctx context.Context, out io.Writer, signal int) error {
	end := t.end
	if signal == sigKILL {
		end = func(out io.Writer) error { return t.kill(ctx, out) }
	}
	if err := end(out); err != nil {
		return err
	}
	t.restarts++
	return t.start(ctx)
}

// kill takes down what the server has done until just before.
func (t *target) kill(ctx context.Context, out io.Writer) error {
	f, err := t.running.stats(ctx, t.client)
	t.past = t.past.plus(f)
	t.close()
	fmt.Fprintf(out, "%-8s kill -9\n", t.name)
	return err
}

// end has the server drain, and tells what it says then.
func (t *target) end(out io.Writer) error {
	end, err := t.running.terminate()
	t.running = nil
	t.past = t.past.plus(end.figures)
	if err == nil {
		fmt.Fprintf(out, "%-8s kill -TERM: %s\n", t.name, end.Verdict())
	}
	return err
}

// close ends the server if it runs, in whichever way.
func (t *target) close() {
	if t.running != nil {
		t.running.kill()
		t.running = nil
	}
}

// hangUp ends the connections.
func (t *target) hangUp() {
	for _, c := range t.callers {
		c.client.CloseIdleConnections()
	}
}

// figures are those of all processes until now.
func (t *target) figures(ctx context.Context) (figures, error) {
	f, err := t.running.stats(ctx, t.client)
	return t.past.plus(f), err
}

// turn has the callers post for some time. If signal is not 0, the server gets it in
// the midst of that, and is started again.
func (t *target) turn(ctx context.Context, out io.Writer, length time.Duration, signal int) error {
	before, err := t.figures(ctx)
	if err != nil {
		return err
	}
	posting, stop := context.WithCancel(ctx)
	defer stop()
	begin := time.Now()
	var all sync.WaitGroup
	for _, c := range t.callers {
		all.Go(func() { c.keepPosting(ctx, posting.Done()) })
	}
	if sleep(ctx, length/2); signal != 0 {
		err = t.restart(ctx, out, signal)
	}
	if err == nil {
		sleep(ctx, length/2)
	}
	stop()
	all.Wait()
	took := time.Since(begin)
	sum := t.collect()
	if signal == 0 {
		t.calm += took
		t.calmly += len(sum.took)
	}
	if err == nil {
		err = sum.problem
	}
	if err != nil {
		return err
	}
	after, err := t.figures(ctx)
	row(out, t, sum, took, figures{Lines: after.Lines - before.Lines, Fsyncs: after.Fsyncs - before.Fsyncs})
	return err
}

// collect takes what callers have noted since the last time.
func (t *target) collect() (sum tally) {
	for _, c := range t.callers {
		sum.add(c.tally)
		c.tally = tally{took: c.took[:0], problem: c.problem}
	}
	slices.Sort(sum.took)
	t.total.add(sum)
	return sum
}

func (t *tally) add(u tally) {
	t.took = append(t.took, u.took...)
	t.refused += u.refused
	t.failed += u.failed
	t.unanswered += u.unanswered
	if t.problem == nil {
		t.problem = u.problem
	}
}

// sleep is false if ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
