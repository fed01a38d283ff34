package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	rowEvery  = time.Second
	minRow    = 100 * time.Millisecond // the last one may be shorter
	pollEvery = 10 * time.Millisecond
	// patience is how long replicas may take to notice what became of the store,
	// beyond the time that the flags give them.
	patience = 20 * time.Second
)

// A result is what the program prints with -json.
type result struct {
	Seconds         float64 `json:"seconds"`
	Rate            int     `json:"rate"`
	Burst           int     `json:"burst"`
	Replicas        int     `json:"replicas"`
	Allowed         []int64 `json:"allowed"`
	AllowedTotal    int64   `json:"allowed_total"`
	RefusedTotal    int64   `json:"refused_total"`
	AtMost          int64   `json:"at_most"`
	Degraded        int64   `json:"degraded"`
	DegradedSeconds float64 `json:"degraded_seconds"`
	Errors          int64   `json:"errors"`
}

// A trial is one run of the experiment.
type trial struct {
	opts     options
	store    store
	up       bool
	replicas []*replica
	clock    outageClock
	board    *board
	begin    time.Time
}

// experiment runs all of it. Nothing is left running when it returns.
func experiment(ctx context.Context, o options, b *board) (result, error) {
	s, err := openStore(o)
	if err != nil {
		return result{}, err
	}
	defer s.close()
	t := &trial{opts: o, store: s, up: true, board: b}
	for range o.replicas {
		t.replicas = append(t.replicas, newReplica(s.addr(), o, &t.clock))
	}
	defer func() {
		for _, r := range t.replicas {
			_ = r.client.Close()
		}
	}()
	if err := t.connect(ctx); err != nil {
		return result{}, err
	}
	t.begin = time.Now()
	b.start(o, t.begin)
	return t.run(ctx)
}

// connect finds out that there is a Redis at all, before somebody wonders about
// the table.
func (t *trial) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for _, r := range t.replicas {
		if err := r.client.Ping(ctx).Err(); err != nil {
			return fmt.Errorf("no Redis: %w", err)
		}
	}
	return nil
}

func (t *trial) run(ctx context.Context) (result, error) {
	asking, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, r := range t.replicas {
		wg.Go(func() { r.ask(asking, t.opts) })
	}
	err := t.phases(ctx)
	stop()
	wg.Wait()
	now := time.Now()
	if err != nil {
		return result{}, err
	}
	if now.Sub(t.board.last.at) >= minRow {
		t.row(now)
	}
	return t.result(now), nil
}

// phases takes the store away and gives it back. Each phase lasts until all
// replicas have noticed.
func (t *trial) phases(ctx context.Context) error {
	rows := time.NewTicker(rowEvery)
	defer rows.Stop()
	if err := t.until(ctx, rows, t.opts.length()/2, 0); err != nil {
		return err
	}
	t.up = false
	t.store.fail()
	if err := t.until(ctx, rows, t.opts.length()*3/4, t.opts.replicas); err != nil {
		return err
	}
	t.up = true
	if err := t.store.heal(); err != nil {
		return err
	}
	return t.until(ctx, rows, t.opts.length(), 0)
}

// until shows what happens until so much time has passed since the beginning and
// so many replicas are on their own.
func (t *trial) until(ctx context.Context, rows *time.Ticker, at time.Duration, away int) error {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-rows.C:
			t.row(now)
		case now := <-poll.C:
			got, _ := t.clock.read()
			passed := now.Sub(t.begin)
			if passed >= at && got == away {
				return nil
			}
			if passed >= at+patience {
				return fmt.Errorf("after %v %d replicas are on their own, not %d", passed.Round(time.Millisecond), got, away)
			}
		}
	}
}

func (t *trial) row(now time.Time) {
	away, _ := t.clock.read()
	s := snapshot{at: now, up: t.up, away: away}
	for _, r := range t.replicas {
		s.allowed = append(s.allowed, r.allowed.Load())
		s.refused += r.refused.Load()
	}
	t.board.row(s)
}

func (t *trial) result(now time.Time) result {
	_, degraded := t.clock.read()
	res := result{
		Seconds: round(now.Sub(t.begin)), Rate: t.opts.rate, Burst: t.opts.burst(), Replicas: t.opts.replicas,
		DegradedSeconds: round(degraded),
	}
	for _, r := range t.replicas {
		n := r.allowed.Load()
		res.Allowed = append(res.Allowed, n)
		res.AllowedTotal += n
		res.RefusedTotal += r.refused.Load()
		res.Degraded += r.degraded.Load()
		res.Errors += r.errors.Load()
	}
	res.AtMost = atMost(t.opts, now.Sub(t.begin), degraded)
	return res
}

// atMost is what the store allows in all of the time, and what limit.FallbackLocal
// allows besides while it decides.
func atMost(o options, all, degraded time.Duration) int64 {
	rate := float64(o.rate)
	return int64(o.burst()+max(o.burst(), o.replicas)) + int64(rate*(all.Seconds()+degraded.Seconds()))
}

// round returns d in seconds, to the millisecond.
func round(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond).Milliseconds()) / 1000
}
