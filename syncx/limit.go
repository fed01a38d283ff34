package syncx

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir/internal/ctxerr"
)

// ErrLimitReturn is returned to who returns more than was borrowed.
var ErrLimitReturn = errors.New("syncx: a Limit got back more than it has lent")

// A Limit lends up to n permits at a time, all of which are the same: a semaphore.
//
// It is made by [NewLimit]; the zero value does not work. It must not be copied.
// All methods are safe for concurrent use. Who waits is served in the order of
// coming, and not overtaken; a permit that comes at the moment at which its waiter
// gives up goes to the next one.
//
// While permits are free, Borrow and Return cost one compare-and-swap each. Who
// has to wait takes a short lock and allocates a place in the line.
//
// To guard a dependency, take limit.Concurrency: its permits cannot be returned
// twice, its queue is bounded, and it counts what it does. To share out amounts
// that differ, take the Weighted of golang.org/x/sync/semaphore.
type Limit struct {
	max int64
	// state is how many permits are borrowed, and queued if somebody waits. Then
	// all are, and only who holds mu changes it. If those who waited have given up,
	// queued stays until the next Return.
	state atomic.Int64
	mu    sync.Mutex
	line  line[struct{}] // guarded by mu
}

// queued is added to the state of a Limit as its line is no longer empty.
const queued = 1 << 62

// NewLimit returns a Limit of n permits. It panics if n is less than 1.
func NewLimit(n int) *Limit {
	if n < 1 {
		panic("syncx: a Limit must be at least 1")
	}
	return &Limit{max: int64(n)}
}

// Borrow takes a permit, and waits for one if there is none. It returns nil, or
// the error of ctx once that is done: then it has no permit.
func (l *Limit) Borrow(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	if s := l.state.Load(); s < l.max && l.state.CompareAndSwap(s, s+1) {
		return nil
	}
	return l.borrow(ctx)
}

// borrow is Borrow when there is no permit, or others are borrowing.
func (l *Limit) borrow(ctx context.Context) error {
	if l.TryBorrow() {
		return nil
	}
	w := newWaiter[struct{}]()
	if !l.enqueue(w) {
		return nil
	}
	if _, ok := l.line.await(ctx, &l.mu, w); !ok {
		return ctxerr.Err(ctx)
	}
	if ctx.Err() != nil {
		_ = l.Return() // for the next in line
		return ctxerr.Err(ctx)
	}
	return nil
}

// enqueue lines w up. It is false if it took a permit instead.
func (l *Limit) enqueue(w *waiter[struct{}]) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		s := l.state.Load()
		switch {
		case s >= queued:
		case s < l.max:
			if l.state.CompareAndSwap(s, s+1) {
				return false
			}
			continue
		case !l.state.CompareAndSwap(s, s+queued): // a permit has just come back
			continue
		}
		l.line.pushLocked(w)
		return true
	}
}

// TryBorrow takes a permit if one is free.
func (l *Limit) TryBorrow() bool {
	for {
		s := l.state.Load()
		if s >= l.max {
			return false
		}
		if l.state.CompareAndSwap(s, s+1) {
			return true
		}
	}
}

// Return gives a permit back, to the first who waits if there is one. It returns
// [ErrLimitReturn] if none is borrowed, and changes nothing then.
func (l *Limit) Return() error {
	for {
		s := l.state.Load()
		switch {
		case s == 0:
			return ErrLimitReturn
		case s >= queued:
			if l.pass() {
				return nil
			}
		case l.state.CompareAndSwap(s, s-1):
			return nil
		}
	}
}

// pass hands a permit to the first who waits. It is false if there is nobody.
func (l *Limit) pass() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	passed := l.line.grantLocked(struct{}{})
	if l.line.head == nil && l.state.Load() >= queued {
		l.state.Add(-queued)
	}
	return passed
}

// InUse is how many permits are borrowed.
func (l *Limit) InUse() int { return int(l.state.Load() &^ queued) }

// Max is how many permits there are.
func (l *Limit) Max() int { return int(l.max) }
