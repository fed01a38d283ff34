package collection

import (
	"context"
	"runtime"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// drain takes out everything that is pending now and hands it to the caller, one
// by one. Until its turn an entry is pending: it can be removed, and to move it
// puts it back. What is left at the end, by whatever way, goes back as well.
func (c *clockwork[T]) drain(ctx context.Context, hand func(*pending[T], time.Duration)) (n int, err error) {
	if err := ctxerr.Err(ctx); err != nil {
		return 0, err
	}
	done := ctx.Done()
	taken := new(pendingList[T])
	c.mu.Lock()
	c.takeAll(taken)
	c.disarm()
	c.mu.Unlock()
	defer c.putBack(taken)
	for {
		c.mu.Lock()
		p := taken.first
		if p == nil {
			c.mu.Unlock()
			return n, nil
		}
		if isClosed(done) {
			c.mu.Unlock()
			return n, ctxerr.Err(ctx)
		}
		c.remove(p)
		c.drained++
		c.mu.Unlock()
		n++
		hand(p, c.left(p.tick))
	}
}

// putBack makes a part of the hierarchy what drain has taken and not handed out.
func (c *clockwork[T]) putBack(taken *pendingList[T]) {
	for more := true; more; runtime.Gosched() {
		now := c.elapsed()
		c.mu.Lock()
		c.keepUp(now)
		for n := 0; taken.first != nil && n < atATime; n++ {
			p := taken.first
			c.unlink(p)
			c.expect(c.link(p))
		}
		more = taken.first != nil
		c.mu.Unlock()
	}
}
