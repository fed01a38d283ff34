package executors

import (
	"math"
	"sync/atomic"
	"time"
)

// A Less runs functions at most once per interval, and leaves out the others: to report
// an error that comes a thousand times a second, say.
//
// It is made by [NewLess]; the zero value does not work. It must not be copied. It is
// safe for concurrent use, takes no lock, and has nothing to close. It goes by the
// monotonic clock, so that nothing happens when the system's clock is set.
type Less struct {
	interval time.Duration
	epoch    time.Time
	next     atomic.Int64 // nanoseconds since epoch from which on a function may run
}

// NewLess returns a Less whose first call runs. It panics if interval is not positive.
func NewLess(interval time.Duration) *Less {
	if interval <= 0 {
		panic("executors: the interval of a Less must be positive")
	}
	return &Less{interval: interval, epoch: time.Now()}
}

// Do calls fn on the goroutine of its caller, if the last call that ran began an
// interval ago or more, and reports whether it did. Of several callers at once one
// wins. A fn that panics, which is its caller's affair, has run. Do panics if fn is nil.
func (l *Less) Do(fn func()) bool {
	if fn == nil {
		panic("executors: Less.Do with a nil func")
	}
	now := time.Since(l.epoch)
	next := l.next.Load()
	if int64(now) < next || !l.next.CompareAndSwap(next, int64(l.after(now))) {
		return false
	}
	fn()
	return true
}

// after returns when the next function may run if one runs now.
func (l *Less) after(now time.Duration) time.Duration {
	return min(l.interval, math.MaxInt64-now) + now
}
