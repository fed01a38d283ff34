package fx

import (
	"errors"
	"math"
	"sync"
	"time"

	"github.com/weirgo/weir"
)

// RetryBudgetOptions are the options of [NewRetryBudget]. The zero value is ready.
type RetryBudgetOptions struct {
	Name string // tells the budget's metrics apart

	// Ratio is how many retries each call pays for: 0.1 lets retries add 10 % to the
	// load. 0 means 0.1; negative means none.
	Ratio float64

	// PerSecond is how many retries there may be per second besides, for callers who
	// call so seldom that the ratio gives them nothing. 0 means 1; negative means none.
	PerSecond float64

	// Burst is how many retries can be saved, and are there at the start. 0 means 100.
	Burst int
}

// Validate returns what is impossible about the options, or nil.
func (o RetryBudgetOptions) Validate() error {
	switch {
	case math.IsNaN(o.Ratio) || math.IsInf(o.Ratio, 0):
		return errRatio
	case math.IsNaN(o.PerSecond) || math.IsInf(o.PerSecond, 0):
		return errPerSecond
	case o.Burst < 0:
		return errBurst
	}
	return nil
}

func (o RetryBudgetOptions) withDefaults() RetryBudgetOptions {
	if o.Ratio == 0 {
		o.Ratio = 0.1
	}
	if o.PerSecond == 0 {
		o.PerSecond = 1
	}
	if o.Burst == 0 {
		o.Burst = 100
	}
	o.Ratio, o.PerSecond = max(0, o.Ratio), max(0, o.PerSecond)
	return o
}

// A RetryBudget bounds how much retries and hedges add to the load, so that they
// mend single failures without making an outage worse. Share one between all calls
// to the same thing, through [RetryOptions] and [HedgeOptions].
//
// It is a token bucket: each call puts in a fraction of a token, as time does, and
// each retry takes out one; if there is none, there is no retry. What a call tries
// first is never prevented.
//
// Make one with [NewRetryBudget]. It is safe for concurrent use, has no goroutine and
// needs no Close. A nil *RetryBudget has room for everything.
type RetryBudget struct {
	opts  RetryBudgetOptions
	began time.Time

	mu               sync.Mutex // guards what follows; held for some ns
	tokens           float64
	filled           time.Duration // since began: until when PerSecond was put in
	granted, refused uint64
}

// NewRetryBudget returns a budget that is full. It panics if the options are
// impossible.
func NewRetryBudget(o RetryBudgetOptions) *RetryBudget {
	must(o.Validate())
	o = o.withDefaults()
	return &RetryBudget{opts: o, began: time.Now(), tokens: float64(o.Burst)}
}

// Deposit puts in the share of one call. [Retry] and [Hedge] do so by themselves.
func (b *RetryBudget) Deposit() {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.putLocked(b.opts.Ratio)
	b.mu.Unlock()
}

// TryWithdraw takes one retry out, and reports whether there was one.
func (b *RetryBudget) TryWithdraw() bool {
	if b == nil {
		return true
	}
	now := time.Since(b.began)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fillLocked(now)
	// A tenth put in ten times is a bit less than one.
	if b.tokens < 1-1e-9 {
		b.refused++
		return false
	}
	b.tokens = max(0, b.tokens-1)
	b.granted++
	return true
}

// refund puts back a retry that did not take place. It stays granted: counters only
// grow.
func (b *RetryBudget) refund() {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.putLocked(1)
	b.mu.Unlock()
}

func (b *RetryBudget) putLocked(tokens float64) {
	b.tokens = min(b.tokens+tokens, float64(b.opts.Burst))
}

func (b *RetryBudget) fillLocked(now time.Duration) {
	if now > b.filled {
		b.putLocked((now - b.filled).Seconds() * b.opts.PerSecond)
		b.filled = now
	}
}

// RetryBudgetStats is a snapshot of a [RetryBudget].
type RetryBudgetStats struct {
	Tokens  float64 // how many retries there is room for now
	Granted uint64  // retries there was room for so far, also if ctx was done before they began
	Refused uint64  // retries there was none for so far
}

// Stats returns a snapshot.
func (b *RetryBudget) Stats() RetryBudgetStats {
	if b == nil {
		return RetryBudgetStats{}
	}
	now := time.Since(b.began)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fillLocked(now)
	return RetryBudgetStats{b.tokens, b.granted, b.refused}
}

// Metrics implements [weir.Source].
func (b *RetryBudget) Metrics(yield func(weir.Metric) bool) {
	if b == nil {
		return
	}
	st := b.Stats()
	name := weir.Label{Name: "name", Value: b.opts.Name}
	retries := func(outcome string, n uint64) weir.Metric {
		return weir.Metric{
			Name: "weir_retry_budget_retries_total", Help: "Retries by whether there was room for them.", Kind: weir.Counter,
			Labels: []weir.Label{name, {Name: "outcome", Value: outcome}}, Value: float64(n),
		}
	}
	for _, m := range [...]weir.Metric{
		{
			Name: "weir_retry_budget_tokens", Help: "Retries there is room for now.",
			Labels: []weir.Label{name}, Value: st.Tokens,
		},
		retries("granted", st.Granted),
		retries("refused", st.Refused),
	} {
		if !yield(m) {
			return
		}
	}
}

var (
	errRatio     = errors.New("fx: RetryBudgetOptions.Ratio must be a finite number")
	errPerSecond = errors.New("fx: RetryBudgetOptions.PerSecond must be a finite number")
	errBurst     = errors.New("fx: RetryBudgetOptions.Burst must not be negative")
)
