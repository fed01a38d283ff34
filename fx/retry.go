package fx

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// Retry calls fn until it returns nil, and pauses between the tries. It gives up,
// and returns the last error of fn as it is, when
//
//   - all attempts are used up, or the budget is;
//   - the error is [Permanent], a refusal ([weir.ErrRejected]) that does not say when
//     to come back, or one that RetryIf does not want;
//   - ctx is done, or would be before the pause is over.
//
// If ctx is done at the start or during a pause, Retry returns the error of ctx.
//
// An error that says how long to wait (see [weir.RetryAfterer]) is waited for that
// long, and for the pause of the backoff, lest all come back at the same moment.
// There is no pause after the last try.
//
// Retry calls fn on the goroutine of its caller: no try outlives it, so a try that
// ignores its context lasts as long as it likes, and a panic goes through untouched.
// It panics if fn is nil or the options are impossible.
//
// Retry only what may be done twice, and at one level of a system only: three levels
// of three tries are 27.
func Retry(ctx context.Context, fn func(context.Context) error, o RetryOptions) error {
	if fn == nil {
		panic("fx: Retry with a nil func")
	}
	must(o.Validate())
	if err := ctxerr.Err(ctx); err != nil {
		return err
	}
	o = o.withDefaults()
	o.Budget.Deposit()
	var pause time.Duration
	for n := 1; ; n++ {
		err := o.try(ctx, fn)
		if err == nil {
			return nil
		}
		if n == o.Attempts || ctx.Err() != nil {
			return laidBare(err)
		}
		after := max(0, o.RetryAfter(err)) // asked once: it may go by the clock
		if !o.mayMend(err, after) {
			return laidBare(err)
		}
		pause = o.Backoff.Pause(n, pause)
		wait := pause + after
		if wait < pause {
			wait = math.MaxInt64 // and overflowed
		}
		if endsWithin(ctx, wait) || !o.Budget.TryWithdraw() {
			return err
		}
		if err := o.wait(ctx, RetryEvent{n, err, wait}); err != nil {
			return err
		}
	}
}

func (o *RetryOptions) try(ctx context.Context, fn func(context.Context) error) error {
	if o.TryTimeout <= 0 {
		return fn(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, o.TryTimeout)
	defer cancel()
	return fn(ctx)
}

// mayMend reports whether it makes sense to try again.
func (o *RetryOptions) mayMend(err error, after time.Duration) bool {
	if _, ok := errors.AsType[*permanent](err); ok {
		return false
	}
	if after <= 0 && errors.Is(err, weir.ErrRejected) {
		return false
	}
	if o.MaxRetryAfter > 0 && after > o.MaxRetryAfter {
		return false
	}
	return o.RetryIf(err)
}

// wait pauses before the retry that was paid for. Where ctx, or the hook, prevents
// that, the budget gets it back.
func (o *RetryOptions) wait(ctx context.Context, e RetryEvent) error {
	waited := false
	defer func() {
		if !waited {
			o.Budget.refund()
		}
	}()
	if o.OnRetry != nil {
		o.OnRetry(e)
	}
	err := sleep(ctx, e.Pause)
	waited = err == nil
	return err
}

// endsWithin reports whether the deadline of ctx is not later than in d.
func endsWithin(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= d
}

// laidBare takes the mark of Permanent off, if that is the outermost.
func laidBare(err error) error {
	if p, ok := err.(*permanent); ok {
		return p.err
	}
	return err
}
