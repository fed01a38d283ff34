package fx

import (
	"errors"
	"time"

	"github.com/weirgo/weir"
)

// HedgeOptions are the options of [Hedge]. The zero value hedges once, after 100 ms.
type HedgeOptions struct {
	// Delay is how long to wait for an answer before the next try is started. 0
	// means 100 ms. With Latencies, it is the delay until those know better.
	Delay time.Duration

	// Latencies, if set, learns how long tries take, and makes Delay what the
	// fraction Quantile of them does not exceed. It is shared by all calls that take
	// about as long.
	Latencies *Latencies
	Quantile  float64 // above 0 and below 1; 0 means 0.95

	// Max is how many tries may be started besides the first, at most 100. 0 means 1;
	// negative means none.
	Max int

	// Budget, if set, has to have room for each try but the first.
	Budget *RetryBudget

	// OnPanic, if set, is called with the panic of a try that nobody waited for any
	// more, on the goroutine of that try. Without it such a panic is logged.
	OnPanic func(*weir.Panic)
}

// Validate returns what is impossible about the options, or nil.
func (o HedgeOptions) Validate() error {
	switch {
	case o.Delay < 0:
		return errDelay
	case !(o.Quantile >= 0 && o.Quantile < 1):
		return errQuantile
	case o.Quantile > 0 && o.Latencies == nil:
		return errLatencies
	case o.Max > 100:
		return errMaxHedges
	}
	return nil
}

// delay returns how long to wait before a further try.
func (o HedgeOptions) delay() time.Duration {
	if o.Latencies != nil {
		q := o.Quantile
		if q == 0 {
			q = 0.95
		}
		if d, known := o.Latencies.Quantile(q); known {
			return d
		}
	}
	if o.Delay == 0 {
		return 100 * time.Millisecond
	}
	return o.Delay
}

func (o HedgeOptions) tries() int {
	if o.Max == 0 {
		return 2
	}
	return 1 + max(0, o.Max)
}

var (
	errDelay     = errors.New("fx: HedgeOptions.Delay must not be negative")
	errQuantile  = errors.New("fx: HedgeOptions.Quantile must be above 0 and below 1")
	errLatencies = errors.New("fx: HedgeOptions.Quantile needs Latencies")
	errMaxHedges = errors.New("fx: HedgeOptions.Max must be at most 100")
)
