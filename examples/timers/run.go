package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
)

// A result is what one run has shown.
type result struct {
	Sessions      int     `json:"sessions"`
	Used          int64   `json:"used"`
	Expired       int64   `json:"expired"`
	Early         int64   `json:"early"`
	LatestMillis  float64 `json:"latest_ms"` // how long after its time one expired at most
	Left          int     `json:"left"`      // drained at the end
	BytesEach     float64 `json:"bytes_each"`
	MaxGoroutines int     `json:"max_goroutines"` // besides those of the program itself
}

func (r result) Verdict() string {
	return fmt.Sprintf("%d of %d sessions expired, none early, one %.1f ms late at most; %d were drained at the end.\n"+
		"A session took %.0f bytes; the wheel never had more than %d goroutines.",
		r.Expired, r.Sessions, r.LatestMillis, r.Left, r.BytesEach, r.MaxGoroutines)
}

func (o options) run(ctx context.Context, out io.Writer) (program.Result, error) {
	res := result{Sessions: o.sessions}
	empty := heapInUse()
	length := time.Duration(o.seconds * float64(time.Second))
	s := newSessions(o.sessions, length, o.tick)
	defer s.wheel.Close(context.WithoutCancel(ctx))
	begin := time.Now()
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%d sessions set in %v\n", o.sessions, time.Since(begin).Round(time.Millisecond))
	res.BytesEach = float64(heapInUse()-empty) / float64(o.sessions)

	using, stop := context.WithTimeout(ctx, length+2*o.tick)
	defer stop()
	var used atomic.Int64
	ended := make(chan error, 1)
	go func() { ended <- s.keepUsing(using, o.rate, &used) }()
	watched := watch(using, s, &used, out)
	if err := <-ended; err != nil {
		return nil, err
	}
	left, err := s.drain(ctx)
	if err != nil {
		return nil, err
	}
	res.Used, res.Left = used.Load(), left
	res.Expired, res.Early = s.fired.Load(), s.early.Load()
	res.LatestMillis = max(watched.latest, millis(s.latest.Load()))
	res.MaxGoroutines = watched.goroutines
	if res.Early > 0 {
		return nil, fmt.Errorf("%d sessions expired early", res.Early)
	}
	if int(res.Expired)+res.Left != o.sessions {
		return nil, errors.New("some sessions neither expired nor were left")
	}
	return res, nil
}

// A peak is the most of what was seen.
type peak struct {
	latest     float64 // milliseconds
	goroutines int     // besides those at the start
}

// watch prints a row a second until ctx ends.
func watch(ctx context.Context, s *sessions, used *atomic.Int64, out io.Writer) (p peak) {
	const rows, looks = time.Second, 10
	fmt.Fprintf(out, "%7s %10s %10s %10s %10s %9s %11s\n", "time", "pending", "used", "expired", "late ms", "heap MB", "goroutines")
	before := runtime.NumGoroutine()
	ticker := time.NewTicker(rows / looks)
	defer ticker.Stop()
	start, lastUsed, lastFired := time.Now(), int64(0), int64(0)
	for i := 1; ; i++ {
		select {
		case <-ctx.Done():
			return p
		case <-ticker.C:
		}
		p.goroutines = max(p.goroutines, runtime.NumGoroutine()-before)
		if i%looks != 0 {
			continue
		}
		u, f, late := used.Load(), s.fired.Load(), millis(s.latest.Swap(0))
		fmt.Fprintf(out, "%6.1fs %10d %10d %10d %10.1f %9.1f %11d\n", time.Since(start).Seconds(), s.wheel.Len(),
			u-lastUsed, f-lastFired, late, float64(heapNow())/1e6, runtime.NumGoroutine())
		lastUsed, lastFired = u, f
		p.latest = max(p.latest, late)
	}
}

func millis(nanos int64) float64 { return float64(nanos) / 1e6 }

// heapInUse is how much of the heap is in use after a collection.
func heapInUse() uint64 {
	runtime.GC()
	return heapNow()
}

func heapNow() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
