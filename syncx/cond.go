package syncx

import (
	"context"
	"sync"

	"github.com/weirgo/weir/internal/ctxerr"
)

// A Cond is a [sync.Cond] that can be left: a place for goroutines to wait until
// something that L guards has changed.
//
//	cond.L.Lock()
//	defer cond.L.Unlock()
//	for !ready {
//		if err := cond.Wait(ctx); err != nil {
//			return err
//		}
//	}
//
// It is made by [NewCond]; the zero value does not work. It must not be copied.
//
// Waiters are woken in the order of coming. A Signal with nobody there is lost,
// as it is with [sync.Cond]: what has happened is to be seen in what L guards. But
// a waiter who gives up at the moment at which it is signalled passes the signal
// on to the next one. Nobody is woken without a Signal or Broadcast; yet another
// goroutine may have come first, so the condition is to be looked at again.
//
// A waiter allocates its place in the line. Where one event, once, is waited for,
// take a channel, or [DoneChan].
type Cond struct {
	// L is held by who changes or looks at the condition, and by who calls Wait.
	L sync.Locker

	mu   sync.Mutex
	line line[wakeUp] // guarded by mu
}

// A wakeUp is for one waiter, to be passed on, or for all.
type wakeUp bool

// NewCond returns a Cond with lock l, such as a *[sync.Mutex]. It panics if l is
// nil.
func NewCond(l sync.Locker) *Cond {
	if l == nil {
		panic("syncx: a Cond needs a lock")
	}
	return &Cond{L: l}
}

// Wait gives up L, waits until it is woken or ctx is done, and takes L again,
// whatever happened. It returns the error of ctx if that is done, and does not
// give up L if it is done at the start. From when L is given up, no wake-up is
// missed.
func (c *Cond) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	w := newWaiter[wakeUp]()
	c.mu.Lock()
	c.line.pushLocked(w)
	c.mu.Unlock()
	c.L.Unlock()
	defer c.L.Lock()
	forOne, woken := c.line.await(ctx, &c.mu, w)
	if woken && ctx.Err() == nil {
		return nil
	}
	if woken && bool(forOne) {
		c.Signal()
	}
	return ctxerr.Err(ctx)
}

// Signal wakes the first who waits. The caller may hold L, but need not.
func (c *Cond) Signal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line.grantLocked(true)
}

// Broadcast wakes all who wait. The caller may hold L, but need not.
func (c *Cond) Broadcast() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.line.grantLocked(false) {
	}
}
