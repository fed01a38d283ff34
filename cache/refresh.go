package cache

import (
	"context"
	"time"

	"github.com/weirgo/weir"
)

// refresh loads the value of key anew, without the caller. The value stays in use
// meanwhile, and if the load fails.
func (c *Cache[K, V]) refresh(ctx context.Context, key K, load func(context.Context) (V, error)) {
	if !c.loads.Claim(key) {
		c.postpone(key) // the one under way takes long
		return
	}
	// Since the caller looked, another refresh may have ended.
	if _, _, s := c.peek(key); s != due {
		c.loads.Unclaim(key)
		return
	}
	c.postpone(key)
	c.counts.refreshes.Add(1)
	go c.refreshNow(context.WithoutCancel(ctx), key, load)
}

// postpone keeps callers from coming here again soon for the same key, while it is
// refreshed, and if that fails.
func (c *Cache[K, V]) postpone(key K) {
	c.store.SetRefreshableAfter(key, max(c.opts.RefreshAfter/10, time.Millisecond))
}

func (c *Cache[K, V]) refreshNow(ctx context.Context, key K, load func(context.Context) (V, error)) {
	defer c.loads.Unclaim(key)
	defer func() {
		if v := recover(); v != nil {
			c.panicked(weir.CaughtPanic(v))
		}
	}()
	_, _ = c.flights.Do(ctx, key, func(ctx context.Context) (answer[V], error) {
		return c.fetch(ctx, key, load, always)
	})
}
