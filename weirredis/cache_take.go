package weirredis

import (
	"context"
	"errors"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
	"github.com/weirgo/weir/internal/loads"
	"github.com/weirgo/weir/internal/panics"
)

// known is what is known of a key.
type known uint8

const (
	unknown known = iota
	present
	absent
)

// Take returns the value of key, and if there is none, loads and keeps it.
//
// However many callers of this process ask for a key at the same time, Redis and
// load are asked once, in the manner of [syncx.SingleFlight]: with a context that
// has the values of the first caller's, and lives until the last of those who wait
// has given up, or the cache is closed. A caller whose ctx is done returns at once
// with its error. A panic in load panics in all of them, and a [runtime.Goexit]
// ends all their goroutines. A load that takes its own key, with the context it
// was given, gets [syncx.ErrRecursive].
//
// If load says that there is no value, Take returns ErrNotFound, and so do those
// who ask for NotFoundTTL, unless somebody else has set a value: that stays. Any
// other error is returned as it is, and not remembered.
//
// If Redis fails to answer, Take returns its error and load is not called, unless
// LoadWhenDown is set; what is loaded then is not kept. If Redis only fails to
// keep what was loaded, Take returns that. A value that Unmarshal refuses is
// deleted and loaded anew; one that Marshal refuses is an error.
//
// Take panics if load is nil.
func (c *Cache[V]) Take(ctx context.Context, key string, load func(context.Context) (V, error)) (v V, err error) {
	if load == nil {
		panic("weirredis: Take with a nil func")
	}
	if ctx.Err() != nil {
		return v, ctxerr.Err(ctx)
	}
	if c.closed.Load() {
		return v, ErrCacheClosed
	}
	c.counts.takes.Add(1)
	return c.flights.Do(ctx, key, func(ctx context.Context) (V, error) {
		return c.fetch(ctx, key, load)
	})
}

func (c *Cache[V]) fetch(ctx context.Context, key string, load func(context.Context) (V, error)) (none V, err error) {
	f := c.loads.Begin(key)
	if f == nil {
		return none, ErrCacheClosed
	}
	defer c.loads.Finish(key, f)
	c.counts.fetches.Add(1)
	v, s, err := c.read(ctx, key)
	switch {
	case err != nil && !(c.opts.LoadWhenDown && ctx.Err() == nil):
		return none, err
	case s == present:
		return v, nil
	case s == absent:
		return none, ErrNotFound
	}
	down := err != nil
	v, notFound, err := c.call(ctx, load)
	switch {
	case notFound && down:
		return none, ErrNotFound
	case notFound:
		c.keepAbsent(ctx, key, f)
		return none, ErrNotFound
	case err != nil && c.closed.Load() && errors.Is(err, context.Canceled):
		return none, ErrCacheClosed // the caller has not cancelled anything
	case err != nil:
		return none, err
	case down:
		return v, nil
	}
	data, err := c.encode(key, v)
	if err != nil {
		return none, err
	}
	c.keep(ctx, key, f, data)
	return v, nil
}

// call calls load with a context that Close ends, and counts what becomes of it.
func (c *Cache[V]) call(ctx context.Context, load func(context.Context) (V, error)) (v V, notFound bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(ErrCacheClosed) })
	count := &c.counts.loadsFailed // so it is with a panic, too
	defer func() {
		stop()
		cancel(nil)
		count.Add(1)
	}()
	v, err = load(ctx)
	switch {
	case err == nil:
		count = &c.counts.loads
	case saysNotFound(err) || c.opts.IsNotFound != nil && c.opts.IsNotFound(err):
		count, notFound = &c.counts.loadsNotFound, true
	}
	return v, notFound, err
}

// saysNotFound reports whether err, or what it wraps, says of itself that it means
// a value that does not exist.
func saysNotFound(err error) bool {
	var e interface {
		error
		NotFound() bool
	}
	return errors.Is(err, ErrNotFound) || errors.As(err, &e) && e.NotFound()
}

// read returns what Redis knows of key. What it cannot make sense of it deletes.
func (c *Cache[V]) read(ctx context.Context, key string) (none V, s known, err error) {
	n, full := c.at(key)
	data, err := n.get(ctx, full)
	switch {
	case err != nil:
		return none, unknown, err
	case data == nil:
		c.counts.misses.Add(1)
		return none, unknown, nil
	case string(data) == placeholder:
		c.counts.notFoundHits.Add(1)
		return none, absent, nil
	}
	v, err := c.opts.Unmarshal(data)
	if err == nil {
		c.counts.hits.Add(1)
		return v, present, nil
	}
	c.counts.corrupt.Add(1)
	c.counts.misses.Add(1)
	if c.opts.OnCorrupt != nil {
		c.opts.OnCorrupt(key, err)
	}
	_, err = n.del(ctx, []string{full})
	return none, unknown, err
}

// keep stores what the load f came to. Redis may do so after a write that came
// later; who made that has overruled f before, so that f deletes it again.
func (c *Cache[V]) keep(ctx context.Context, key string, f *loads.Load, data []byte) {
	if f.Overruled() {
		return
	}
	n, full := c.at(key)
	if err := n.set(ctx, full, data, c.ttl()); err != nil {
		c.counts.unkept.Add(1)
	}
	c.undo(ctx, n, full, f)
}

func (c *Cache[V]) keepAbsent(ctx context.Context, key string, f *loads.Load) {
	if c.opts.NotFoundTTL <= 0 || f.Overruled() {
		return
	}
	n, full := c.at(key)
	set, err := n.setAbsent(ctx, full, roundUp(c.opts.NotFoundTTL))
	switch {
	case err != nil:
		c.counts.unkept.Add(1)
	case !set:
		return // what is there is not of f
	}
	c.undo(ctx, n, full, f)
}

// undo is called after a write that may have failed, or only seem to have.
func (c *Cache[V]) undo(ctx context.Context, n *node, full string, f *loads.Load) {
	if !f.Overruled() {
		return
	}
	ctx = context.WithoutCancel(ctx) // callers may have left by now
	if left, err := n.del(ctx, []string{full}); err != nil {
		c.retries.add(n, left, err)
	}
}

func (c *Cache[V]) panicked(p *weir.Panic) {
	c.counts.panics.Add(1)
	if c.opts.OnPanic != nil {
		c.opts.OnPanic(p)
		return
	}
	panics.Log("weirredis: panic that nobody waits for", p.Value, p.Stack)
}
