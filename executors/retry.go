package executors

import (
	"errors"
	"math"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/backoff"
)

// Retry says how often a batch is tried whose handler fails, and how long to pause
// in between. It is a plain value. The zero one means no retry, since only the
// handler's author knows whether half a batch may be done twice.
//
// Each pause is drawn from 0 to a bound, which starts with Base and doubles from one
// retry to the next (full jitter). An error that says how long to wait (see
// [weir.RetryAfterer]) is waited for that long besides, but a minute at most.
type Retry struct {
	Attempts int           // how often to try, the first time included; 0 means 1, negative: no limit but Close
	Base     time.Duration // bound of the first pause; 0 means 100 ms, negative: no pauses
	Max      time.Duration // bound of all pauses; 0 means 10 s, or Base if that is more

	// If, if set, says whether to try again after err. A panic is a *weir.Panic.
	// Without it, every error is worth another try.
	If func(err error) bool
}

// longestRetryAfter is how long an error may have a batch wait.
const longestRetryAfter = time.Minute

func (r Retry) validate() error {
	if r.Max < 0 || r.Max > 0 && r.Max < r.withDefaults().Base {
		return errRetryMax
	}
	return nil
}

func (r Retry) withDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 1
	}
	if r.Base == 0 {
		r.Base = 100 * time.Millisecond
	}
	if r.Max == 0 {
		r.Max = max(r.Base, 10*time.Second)
	}
	return r
}

// isLast reports whether there is no other try after so many.
func (r *Retry) isLast(tries int) bool { return r.Attempts > 0 && tries >= r.Attempts }

// again decides whether and when to try again after so many tries, the last of which
// failed with err. It calls the user's code; if that panics, the batch is given up, for
// both reasons.
func (r *Retry) again(tries int, err error) (wait time.Duration, ok bool, reason error) {
	defer func() {
		if v := recover(); v != nil {
			wait, ok, reason = 0, false, errors.Join(err, weir.CaughtPanic(v))
		}
	}()
	if r.isLast(tries) || r.If != nil && !r.If(err) {
		return 0, false, err
	}
	return r.pause(tries, err), true, err
}

// pause returns how long to wait before the nth retry, counted from 1.
func (r *Retry) pause(n int, err error) time.Duration {
	after := min(max(0, weir.RetryAfter(nil, err)), longestRetryAfter)
	if r.Base < 0 {
		return after
	}
	return min(backoff.Full(r.Base, r.Max, n), math.MaxInt64-after) + after
}
