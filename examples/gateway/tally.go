package main

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weirgo/weir/weirhttp"
)

// An ending is how a request ended, as its user sees it.
type ending int

const (
	inTime  ending = iota // 200 within the deadline
	late                  // 200 after it, 504, or no answer before the user hung up
	limited               // 429
	shed                  // 503 of the gateway's shedder
	broken                // 503 of the gateway's breaker
	refused               // 503 since a backend has refused
	failed                // anything else
	endings
)

// endingOf tells of an answer that came in time. Who has refused is told in a header.
func endingOf(resp *http.Response) ending {
	by, _, _ := strings.Cut(resp.Header.Get(weirhttp.HeaderRefused), ":")
	switch {
	case resp.StatusCode == http.StatusOK:
		return inTime
	case resp.StatusCode == http.StatusGatewayTimeout:
		return late
	case resp.StatusCode == http.StatusTooManyRequests:
		return limited
	case resp.StatusCode != http.StatusServiceUnavailable:
		return failed
	case by == "load":
		return shed
	case by == "breaker":
		return broken
	case by == "backend":
		return refused
	}
	return failed
}

// A tally counts the requests of one phase.
type tally struct {
	mu      sync.Mutex // guards all below
	offered int
	ended   [endings]int
	waits   []time.Duration // of those that were answered, in time or late
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
	if e == inTime || e == late {
		t.waits = append(t.waits, took)
	}
}

// A row is what became of the requests of one phase: rates per second, times in
// milliseconds (stall is by how much a request was sent too late), and the share of calls, 0 to 1, that each backend got.
type row struct {
	Phase   string    `json:"phase"`
	Load    float64   `json:"load"`
	Offered float64   `json:"offered"`
	InTime  float64   `json:"in_time"`
	Late    float64   `json:"late"`
	Limited float64   `json:"limited"`
	Shed    float64   `json:"shed"`
	Broken  float64   `json:"broken"`
	Refused float64   `json:"refused"`
	Failed  float64   `json:"failed"`
	P50     float64   `json:"p50_ms"`
	P99     float64   `json:"p99_ms"`
	Stall   float64   `json:"stall_ms"`
	Shares  []float64 `json:"shares"`
}

func (t *tally) row(p phase, picks []uint64) row {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.waits)
	rate := func(n int) float64 { return round(float64(n) / p.length.Seconds()) }
	return row{
		Phase: p.name, Load: p.load,
		Offered: rate(t.offered),
		InTime:  rate(t.ended[inTime]),
		Late:    rate(t.ended[late]),
		Limited: rate(t.ended[limited]),
		Shed:    rate(t.ended[shed]),
		Broken:  rate(t.ended[broken]),
		Refused: rate(t.ended[refused]),
		Failed:  rate(t.ended[failed]),
		P50:     percentile(t.waits, 0.50),
		P99:     percentile(t.waits, 0.99),
		Stall:   milliseconds(t.stall),
		Shares:  shares(picks),
	}
}

// percentile returns, in milliseconds, the smallest of the sorted values that is not
// less than a share q (0..1) of them, 0 if there are none.
func percentile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return milliseconds(sorted[max(rank, 1)-1])
}

func milliseconds(d time.Duration) float64 { return round(d.Seconds() * 1000) }

func shares(picks []uint64) []float64 {
	sum := uint64(0)
	for _, n := range picks {
		sum += n
	}
	all := make([]float64, len(picks))
	for i, n := range picks {
		all[i] = round(float64(n) / float64(max(1, sum)))
	}
	return all
}

// round keeps two decimals: there is nothing behind them but noise.
func round(x float64) float64 { return math.Round(x*100) / 100 }
