package syncx

import (
	"context"
	"errors"
	"sync"

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
// While permits are free, Borrow and Return cost one atomic addition each, and those
// on several processors seldom in the same cache line. Who has to wait takes a short
// lock and allocates a place in the line. A Limit takes 600 bytes.
//
// To guard a dependency, take limit.Concurrency: its permits cannot be returned
// twice, its queue is bounded, and it counts what it does. To share out amounts
// that differ, take the Weighted of golang.org/x/sync/semaphore.
type Limit struct {
	max     int
	mu      sync.Mutex
	line    line[struct{}] // guarded by mu
	sign    bool           // guarded by mu: the stripes say that somebody waits
	_       [48]byte
	stripes [stripes]limitStripe
}

// NewLimit returns a Limit of n permits. It panics if n is less than 1.
func NewLimit(n int) *Limit {
	if n < 1 {
		panic("syncx: a Limit must be at least 1")
	}
	l := &Limit{max: n}
	l.share(n)
	return l
}

// Borrow takes a permit, and waits for one if there is none. It returns nil, or
// the error of ctx once that is done: then it has no permit.
func (l *Limit) Borrow(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	at := likely()
	if l.stripes[at].hurry() {
		return nil
	}
	return l.borrow(ctx, at)
}

// borrow is Borrow where that stripe has no permit, or somebody waits.
func (l *Limit) borrow(ctx context.Context, at uint32) error {
	if l.takeTurn(at) {
		return nil
	}
	w := newWaiter[struct{}]()
	if !l.enqueue(w, at) {
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
func (l *Limit) enqueue(w *waiter[struct{}], at uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.serveLocked(at); l.line.head == nil && l.takeLocked(at) {
		return false
	}
	l.line.pushLocked(w)
	return true
}

// takeLocked takes a permit if one is free; if not, whoever returns one from now on
// sees that somebody waits. The lock is held, and nobody waits yet.
func (l *Limit) takeLocked(at uint32) bool {
	l.signLocked(true)
	if !l.take(at) {
		return false
	}
	l.signLocked(false)
	return true
}

// signLocked tells the stripes whether somebody waits.
func (l *Limit) signLocked(waits bool) {
	if l.sign == waits {
		return
	}
	l.sign = waits
	change := uint64(version + queued)
	if !waits {
		change = version - queued
	}
	for i := range l.stripes {
		l.stripes[i].state.Add(change)
	}
}

// serveLocked hands free permits to those who wait, those of that stripe first. Who
// has given one back must call it if somebody waits, and so must who has taken one
// for a moment only.
func (l *Limit) serveLocked(at uint32) {
	for l.line.head != nil && l.take(at) {
		l.line.grantLocked(struct{}{})
	}
	if l.line.head == nil {
		l.signLocked(false)
	}
}

// TryBorrow takes a permit if one is free, and nobody waits for it.
func (l *Limit) TryBorrow() bool {
	at := likely()
	return l.stripes[at].hurry() || l.takeTurn(at)
}

// takeTurn takes a permit from any stripe, unless somebody waits for one.
func (l *Limit) takeTurn(at uint32) bool {
	if hasty(l.stripes[at].state.Load()) <= maxLent {
		return l.take(at)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serveLocked(at)
	return l.line.head == nil && l.take(at)
}

// Return gives a permit back, to the first who waits if there is one. It returns
// [ErrLimitReturn] if none is borrowed, and changes nothing then; but where others
// borrow and return at that moment, a permit that was never borrowed may pass for
// one of theirs.
func (l *Limit) Return() error {
	at := likely()
	if l.stripes[at].hurryBack() {
		return nil
	}
	return l.giveBack(at)
}

// giveBack is Return where that stripe has taken a permit that it may not have lent,
// or that somebody waits for.
func (l *Limit) giveBack(at uint32) error {
	ok, waits := l.stripes[at].gone()
	if !ok {
		ok, waits = l.give(at)
	}
	if waits {
		l.mu.Lock()
		l.serveLocked(at)
		l.mu.Unlock()
	}
	if !ok {
		return ErrLimitReturn
	}
	return nil
}

// Max is how many permits there are.
func (l *Limit) Max() int { return l.max }
