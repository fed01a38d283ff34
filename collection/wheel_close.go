package collection

import (
	"context"

	"github.com/weirgo/weir/internal/ctxerr"
)

// close stops all firing and waits for the workers.
func (c *clockwork[T]) close(ctx context.Context) error {
	if c.shut(ctx) {
		return nil
	}
	return ctxerr.Err(ctx) // without the lock: a context may be user code
}

// shut reports whether the workers ended before ctx did.
func (c *clockwork[T]) shut(ctx context.Context) bool {
	done := ctx.Done()
	c.shutShards()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.crew.busy == 0 {
		return true
	}
	if _, mine := c.crew.members[goroutine()]; mine {
		c.crew.closing++
		defer func() { c.crew.closing-- }()
		c.crew.change() // callbacks that close must not wait for each other either
		return c.await(done, func() bool {
			c.crew.quiet = c.crew.quiet || c.crew.busy == c.crew.closing
			return c.crew.quiet
		})
	}
	return c.await(done, func() bool { return c.crew.busy == 0 })
}

// shutShards ends all firing at once, and all adding.
func (c *clockwork[T]) shutShards() {
	c.lock()
	defer c.unlock()
	for i := range c.shards {
		c.shards[i].closed = true
	}
	c.closed = true
	c.armed.Store(0)
	if c.alarm != nil {
		c.alarm.Stop()
	}
}

// await returns true once over does, which it may when the crew has changed, or
// false once done is closed. It gives up mu while it waits.
func (c *clockwork[T]) await(done <-chan struct{}, over func() bool) bool {
	for !over() {
		if isClosed(done) {
			return false
		}
		if c.crew.changed == nil {
			c.crew.changed = make(chan struct{})
		}
		changed := c.crew.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-done:
		}
		c.mu.Lock()
	}
	return true
}
