package collection

import (
	"context"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// A haul is what a drain has taken out: what was linked, by shard, and what was due.
// The same locks guard these lists as those they come from.
type haul[T any] struct {
	shards []pendingList[T]
	ready  pendingList[T]
}

// drain takes out everything that is pending now and hands it to the caller, one
// by one. Until its turn an entry is pending: it can be removed, and to move it
// puts it back. What is left at the end, by whatever way, goes back as well.
func (c *clockwork[T]) drain(ctx context.Context, hand func(*pending[T], time.Duration)) (n int, err error) {
	if err := ctxerr.Err(ctx); err != nil {
		return 0, err
	}
	done := ctx.Done()
	taken := c.takeAll()
	defer c.putBack(taken)
	for {
		p, s := c.next(taken)
		if p == nil {
			return n, nil
		}
		if isClosed(done) {
			s.mu.Unlock()
			return n, ctxerr.Err(ctx)
		}
		c.remove(s, p)
		s.drained++
		s.mu.Unlock()
		n++
		hand(p, c.left(p.tick))
	}
}

func (c *clockwork[T]) takeAll() *haul[T] {
	taken := &haul[T]{shards: make([]pendingList[T], len(c.shards))}
	c.lock()
	defer c.unlock()
	for i := range c.shards {
		s := &c.shards[i]
		s.tidy()
		s.takeAll(&taken.shards[i])
		if s.soonest != 0 {
			s.soonest = never
		}
	}
	taken.ready.take(&c.ready)
	c.readies = 0
	c.era++
	if at := c.armed.Load(); at != 0 && at != never {
		c.armed.Store(never)
		c.alarm.Stop()
	}
	return taken
}

// next returns an entry of what was taken, and its shard, locked; or nil. What was due
// comes first, and of the rest what is first in its shard.
func (c *clockwork[T]) next(taken *haul[T]) (*pending[T], *shard[T]) {
	c.mu.Lock()
	p, s := c.claim(&taken.ready)
	c.mu.Unlock()
	if p != nil {
		return p, s
	}
	// The lock of the foremost so far is kept; those after it may be taken, too.
	for i := range c.shards {
		other := &c.shards[i]
		other.mu.Lock()
		o := taken.shards[i].first
		if o == nil || p != nil && !c.before(o, p) {
			other.mu.Unlock()
			continue
		}
		if p != nil {
			s.mu.Unlock()
		}
		p, s = o, other
	}
	return p, s
}

// putBack makes a part of the hierarchies what drain has taken and not handed out.
func (c *clockwork[T]) putBack(taken *haul[T]) {
	for p, s := c.next(taken); p != nil; p, s = c.next(taken) {
		s.keepUp(c.elapsed() / c.tick)
		c.unlink(s, p)
		c.link(s, p)
		s.mu.Unlock()
	}
}
