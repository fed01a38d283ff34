package fx

import (
	"context"
	"errors"
	"time"

	"github.com/weirgo/weir"
)

// RetryOptions are the options of [Retry]. The zero value is ready.
type RetryOptions struct {
	// Attempts is how often to try, the first time included. 0 means 3; negative is
	// no limit but ctx and the budget.
	Attempts int

	// Backoff is how long to pause between tries.
	Backoff Backoff

	// TryTimeout is how long the context of each try lasts at most. 0 or negative
	// means as long as ctx.
	TryTimeout time.Duration

	// Budget, if set, has to have room for each retry. It is shared by all calls
	// that may overload the same thing.
	Budget *RetryBudget

	// RetryAfter returns how long an error asks to wait, or 0 if it does not. Nil
	// means weir.RetryAfter(nil, err). Where a guard knows more than its errors do,
	// pass what weir.RetryAfter(guard, err) returns.
	RetryAfter func(err error) time.Duration

	// MaxRetryAfter is how long an error may ask to wait: with one that asks for
	// more, Retry ends. 0 means a minute; negative means that nothing is too long.
	MaxRetryAfter time.Duration

	// RetryIf, if set, says whether to try again after err. Without it, everything
	// is tried again but [context.Canceled]. It is not asked when ctx is done, nor
	// about what is [Permanent] or a refusal that does not say when to come back.
	RetryIf func(err error) bool

	// OnRetry, if set, is called before each pause, on the goroutine of the caller.
	OnRetry func(RetryEvent)
}

// A RetryEvent tells of a try that failed and is to be followed by another.
type RetryEvent struct {
	Try   int           // that failed, counted from 1
	Err   error         // what it returned
	Pause time.Duration // until the next one
}

// Validate returns what is impossible about the options, or nil.
func (o RetryOptions) Validate() error { return o.Backoff.Validate() }

func (o RetryOptions) withDefaults() RetryOptions {
	if o.Attempts == 0 {
		o.Attempts = 3
	}
	if o.MaxRetryAfter == 0 {
		o.MaxRetryAfter = time.Minute
	}
	if o.RetryAfter == nil {
		o.RetryAfter = func(err error) time.Duration { return weir.RetryAfter(nil, err) }
	}
	if o.RetryIf == nil {
		o.RetryIf = func(err error) bool { return !errors.Is(err, context.Canceled) }
	}
	return o
}

// Permanent marks err as one that no retry would mend: [Retry] returns it at once.
// Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

type permanent struct{ err error }

func (p *permanent) Error() string { return p.err.Error() }
func (p *permanent) Unwrap() error { return p.err }
