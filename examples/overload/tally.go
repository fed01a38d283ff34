package main

import (
	"math"
	"slices"
	"sync"
	"time"
)

// An ending is how a request ended, as its user sees it.
type ending int

const (
	good    ending = iota // 200 within the deadline
	refused               // 503 or 429
	late                  // 200 after the deadline, 504, or no answer before the user hung up
	failed                // anything else, such as a connection that broke
	endings
)

// A tally counts the measured requests of one step.
type tally struct {
	mu      sync.Mutex // guards all below
	offered int
	ended   [endings]int
	waits   []time.Duration // of the good and the late
	stall   time.Duration   // the longest by which a request was sent too late
}

// offer counts a request that is sent so much after it was due.
func (t *tally) offer(after time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.offered++
	t.stall = max(t.stall, after)
}

func (t *tally) end(e ending, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended[e]++
	if e == good || e == late {
		t.waits = append(t.waits, took)
	}
}

// counts returns how many requests ended how so far, for the progress line.
func (t *tally) counts() [endings]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// figures are what one system did under one load: rates in requests per second,
// times in milliseconds. The package comment says what they mean.
type figures struct {
	Offered float64 `json:"offered"`
	Goodput float64 `json:"goodput"`
	Refused float64 `json:"refused"`
	Late    float64 `json:"late"`
	Failed  float64 `json:"failed,omitzero"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
}

func (t *tally) figures(measured time.Duration) figures {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.waits)
	rate := func(n int) float64 { return round(float64(n) / measured.Seconds()) }
	return figures{
		Offered: rate(t.offered),
		Goodput: rate(t.ended[good]),
		Refused: rate(t.ended[refused]),
		Late:    rate(t.ended[late]),
		Failed:  rate(t.ended[failed]),
		P50:     milliseconds(percentile(t.waits, 0.50)),
		P99:     milliseconds(percentile(t.waits, 0.99)),
	}
}

// percentile returns the smallest of the sorted values that is not less than a
// share q (0..1) of them, 0 if there are none.
func percentile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func milliseconds(d time.Duration) float64 { return round(d.Seconds() * 1000) }

// round keeps two decimals: there is nothing behind them but noise.
func round(x float64) float64 { return math.Round(x*100) / 100 }
