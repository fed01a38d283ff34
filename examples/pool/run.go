package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
	"github.com/weirgo/weir/syncx"
)

const (
	restarts = 2
	downtime = 20 * time.Millisecond
)

// A result is what one run has shown.
type result struct {
	Seconds   float64 `json:"seconds"`
	Restarts  int     `json:"restarts"`
	Echoed    int64   `json:"echoed"`
	Retried   int64   `json:"retried"`
	Created   uint64  `json:"created"`
	Destroyed uint64  `json:"destroyed"`
	Errors    int64   `json:"errors"` // that have reached a caller
}

func (r result) Verdict() string {
	return fmt.Sprintf("%d lines in %.1f s over %d connections. The server was restarted %d times:\n"+
		"%d lines were sent again, and %d errors reached a caller.",
		r.Echoed, r.Seconds, r.Created, r.Restarts, r.Retried, r.Errors)
}

func (o options) run(ctx context.Context, out io.Writer) (program.Result, error) {
	s, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := newClient(s.addr(), o.conns)
	calling, stop := context.WithTimeout(ctx, o.length())
	defer stop()
	start := time.Now()
	var running sync.WaitGroup
	for caller := range o.callers {
		running.Go(func() { c.keepCalling(calling, caller) })
	}
	running.Go(func() { c.watch(calling, out) })
	done, err := keepRestarting(calling, s, o.length()/(restarts+1))
	if err != nil {
		stop()
	}
	running.Wait()
	res := c.result(done)
	res.Seconds = time.Since(start).Seconds()
	if failed := c.pool.Close(context.WithoutCancel(ctx)); err == nil {
		err = failed
	}
	if err == nil && res.Errors > 0 {
		err = fmt.Errorf("%d errors reached a caller", res.Errors)
	}
	return res, err
}

// keepRestarting restarts the server some times, and closes it when ctx ends.
func keepRestarting(ctx context.Context, s *server, every time.Duration) (done int, err error) {
	for ; done < restarts && sleep(ctx, every); done++ {
		s.close()
		time.Sleep(downtime)
		if s, err = listen(context.WithoutCancel(ctx), s.addr()); err != nil {
			return done, err
		}
	}
	<-ctx.Done()
	s.close() // whoever waits for an echo learns by it that the time is over
	return done, nil
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

func (c *client) result(done int) result {
	stats := c.pool.Stats()
	return result{
		Restarts: done, Created: stats.Created, Destroyed: destroyed(stats),
		Echoed: c.echoed.Load(), Retried: c.retried.Load(), Errors: c.failed.Load(),
	}
}

func destroyed(s syncx.PoolStats) uint64 { return s.DestroyedDiscarded + s.DestroyedUnhealthy }

// watch prints a row a second until ctx ends.
func (c *client) watch(ctx context.Context, out io.Writer) {
	fmt.Fprintf(out, "%7s %9s %9s %6s %6s %8s %8s %10s\n",
		"time", "echoed", "retried", "open", "lent", "waiting", "created", "destroyed")
	start, echoed, retried := time.Now(), int64(0), int64(0)
	for sleep(ctx, time.Second) {
		e, r, s := c.echoed.Load(), c.retried.Load(), c.pool.Stats()
		fmt.Fprintf(out, "%6.1fs %9d %9d %6d %6d %8d %8d %10d\n", time.Since(start).Seconds(),
			e-echoed, r-retried, s.Open, s.InUse, s.Waiting, s.Created, destroyed(s))
		echoed, retried = e, r
	}
}
