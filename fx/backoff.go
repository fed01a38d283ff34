package fx

import (
	"errors"
	"strconv"
	"time"

	"github.com/weirgo/weir/internal/backoff"
)

// A Jitter says how chance spreads pauses, lest all who failed together come back
// together.
type Jitter uint8

const (
	// FullJitter draws each pause from 0 to a bound that doubles from one to the next.
	FullJitter Jitter = iota
	// DecorrelatedJitter draws each pause from Base to three times the one before.
	DecorrelatedJitter
	// NoJitter doubles the pause from one to the next, and leaves nothing to chance.
	NoJitter
)

// String returns the lower-case name of the jitter.
func (j Jitter) String() string {
	switch j {
	case FullJitter:
		return "full"
	case DecorrelatedJitter:
		return "decorrelated"
	case NoJitter:
		return "none"
	}
	return "jitter(" + strconv.Itoa(int(j)) + ")"
}

// A Backoff says how long to pause between tries. It is a plain value; the zero one
// is ready. The jitters are those of "Exponential Backoff And Jitter" in the AWS
// Architecture Blog.
type Backoff struct {
	Base   time.Duration // bound of the first pause; 0 means 100 ms, negative: no pauses
	Max    time.Duration // bound of all pauses; 0 means 10 s, or Base if that is more
	Jitter Jitter
}

// Pause returns how long to wait before the nth retry, counted from 1, where
// previous is the pause before, if there was one.
func (b Backoff) Pause(n int, previous time.Duration) time.Duration {
	if n < 1 {
		panic("fx: retries are counted from 1")
	}
	must(b.Validate())
	if b.Base < 0 {
		return 0
	}
	b = b.withDefaults()
	switch b.Jitter {
	case FullJitter:
		return backoff.Full(b.Base, b.Max, n)
	case DecorrelatedJitter:
		return backoff.Decorrelated(b.Base, b.Max, previous)
	default:
		return backoff.Doubled(b.Base, b.Max, n)
	}
}

// Validate returns what is impossible about the backoff, or nil.
func (b Backoff) Validate() error {
	switch {
	case b.Max < 0 || b.Max > 0 && b.Max < b.withDefaults().Base:
		return errMax
	case b.Jitter > NoJitter:
		return errJitter
	}
	return nil
}

func (b Backoff) withDefaults() Backoff {
	if b.Base == 0 {
		b.Base = 100 * time.Millisecond
	}
	if b.Max == 0 {
		b.Max = max(b.Base, 10*time.Second)
	}
	return b
}

var (
	errMax    = errors.New("fx: Backoff.Max must not be negative or less than Base")
	errJitter = errors.New("fx: unknown Backoff.Jitter")
)
