package collection

import (
	"context"

	"github.com/weirgo/weir/internal/ctxerr"
)

// close stops all firing and waits for the workers.
func (c *clockwork[T]) close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.disarm()
	if c.alarm != nil {
		c.alarm.Stop()
	}
	c.soonest = 0
	if c.crew.busy == 0 {
		return nil
	}
	if _, mine := c.crew.members[goroutine()]; mine {
		c.crew.closing++
		defer func() { c.crew.closing-- }()
		// Two callbacks that close must not wait for each other either.
		return c.await(ctx, func() bool { return c.crew.busy == c.crew.closing })
	}
	return c.await(ctx, func() bool { return c.crew.busy == 0 })
}

// await returns once done does, which it may when a worker has left. It gives up
// mu while it waits.
func (c *clockwork[T]) await(ctx context.Context, done func() bool) error {
	for !done() {
		if err := ctxerr.Err(ctx); err != nil {
			return err
		}
		if c.crew.changed == nil {
			c.crew.changed = make(chan struct{})
		}
		changed := c.crew.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		c.mu.Lock()
	}
	return nil
}
