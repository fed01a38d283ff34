package cache

import (
	"context"
	"errors"

	"github.com/weirgo/weir/internal/ctxerr"
)

// An answer is what a load ends with, if not with an error.
type answer[V any] struct {
	value V
	stale bool // it is what was there before, for the load has failed
}

// Take returns the value of key, and if there is none, loads and stores it.
//
// However many callers miss a key at the same time, load is called once, in the
// manner of [syncx.SingleFlight]: with a context that has the values of the first
// caller's, and lives until the last of those who wait has given up, or the cache
// is closed. A caller whose ctx is done returns at once with its error. A panic in
// load panics in all of them with the same [*weir.Panic], and a
// [runtime.Goexit] ends all their goroutines. A load that takes its own key, with
// the context it was given, gets [syncx.ErrRecursive].
//
// If load says that there is no value (see IsNotFound), Take returns ErrNotFound
// itself, and again for NotFoundTTL without a call of load. Any other error is
// returned as it is to all who wait, and not remembered. In either case the value
// is the zero value.
//
// With RefreshAfter, load may be called after Take has returned, with a context
// that ends only when the cache is closed.
//
// A hit allocates nothing. Take panics if load is nil.
func (c *Cache[K, V]) Take(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	var zero V
	if load == nil {
		panic("cache: Take with a nil func")
	}
	if ctx.Err() != nil {
		return zero, ctxerr.Err(ctx)
	}
	if c.closed.Load() {
		return zero, ErrClosed
	}
	v, s := c.lookup(key)
	c.counts.looked(s)
	switch s {
	case present:
		return v, nil
	case due:
		c.refresh(ctx, key, load)
		return v, nil
	case absent:
		return zero, ErrNotFound
	}
	return c.share(ctx, key, load)
}

// share waits for the load of key, which it begins if nobody else has.
func (c *Cache[K, V]) share(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	mustEqualItself(key)
	a, err := c.flights.Do(ctx, key, func(ctx context.Context) (answer[V], error) {
		return c.fetch(ctx, key, load, ifMissing)
	})
	if a.stale {
		c.counts.stale.Add(1)
	}
	return a.value, err
}

// need says whether a load is to be called though its key has a value.
type need bool

const (
	ifMissing need = false
	always    need = true
)

// fetch loads key and stores the result. It runs once at a time for a key, but for
// loads that were left or overruled.
func (c *Cache[K, V]) fetch(ctx context.Context, key K, load func(context.Context) (V, error), n need) (answer[V], error) {
	f := c.loads.Begin(key)
	if f == nil {
		return answer[V]{}, ErrClosed
	}
	defer c.loads.Finish(key, f)
	if n == ifMissing {
		// Since the caller looked, another load may have ended.
		switch v, _, s := c.peek(key); s {
		case present, due:
			return answer[V]{value: v}, nil
		case absent:
			return answer[V]{}, ErrNotFound
		}
	}
	v, o, err := c.call(ctx, load)
	switch o {
	case found:
		c.keep(key, f, c.draft(key, v, 0))
		return answer[V]{value: v}, nil
	case notFound:
		c.keepAbsent(key, f)
		return answer[V]{}, ErrNotFound
	}
	if c.closed.Load() && errors.Is(err, context.Canceled) {
		return answer[V]{}, ErrClosed // the caller has not cancelled anything
	}
	if c.opts.StaleOnError > 0 {
		if v, held, s := c.peek(key); held {
			return answer[V]{value: v, stale: s == unknown}, nil
		}
	}
	return answer[V]{}, err
}

// outcome is what a load came to.
type outcome uint8

const (
	failed outcome = iota // with an error, a panic, or Goexit
	notFound
	found
	outcomes
)

// call calls load with a context that Close ends, and counts what becomes of it.
func (c *Cache[K, V]) call(ctx context.Context, load func(context.Context) (V, error)) (v V, o outcome, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(ErrClosed) })
	c.counts.loading.Add(1)
	defer func() {
		stop()
		cancel(nil)
		c.counts.loading.Add(-1)
		c.counts.loads[o].Add(1)
	}()
	v, err = load(ctx)
	switch {
	case err == nil:
		o = found
	case saysNotFound(err) || c.opts.IsNotFound != nil && c.opts.IsNotFound(err):
		o = notFound
	}
	return v, o, err
}
