package weirredis

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/hash"
	"github.com/weirgo/weir/internal/ctxerr"
	"github.com/weirgo/weir/internal/loads"
	"github.com/weirgo/weir/syncx"
)

// ErrNotFound says that there is no value, and that this is known. A load of
// [Cache.Take] returns it, or an error that wraps it, or one with a method
// NotFound() bool that returns true, such as that of package cache; Take returns
// ErrNotFound itself.
var ErrNotFound error = absence("weirredis: not found")

// ErrCacheClosed is what a [Cache] returns once it is closed.
var ErrCacheClosed = errors.New("weirredis: cache closed")

var errPlaceholder = errors.New("weirredis: CacheOptions.Marshal returned an asterisk, which stands for no value")

type absence string

func (a absence) Error() string { return string(a) }
func (absence) NotFound() bool  { return true }

// placeholder is kept for a key whose value does not exist. It is no JSON.
const placeholder = "*"

// A Cache keeps values in Redis, for several processes together: a second level
// behind a [github.com/weirgo/weir/cache.Cache], or the only one. Take can be that one's load.
//
// A value is kept as what Marshal makes of it, by default JSON, under Prefix+key,
// and never without a TTL. That there is no value is kept as an asterisk.
//
// While a node does not answer, its calls fail: after Timeout, and as soon as its
// breaker is open, at once. The errors say which node it is, and satisfy
// errors.Is(err, weir.ErrRejected) if it was not asked. Nodes do not stand in for
// each other: their shares of the keys stay what they are.
//
// Within the process, what a Set or Delete has done holds against loads that were
// under way: their result is given to those who wait, and is not kept. A load of
// another process is not known here, and may bring back what it read before, until
// the TTL is over or the key is deleted once more.
//
// Who shares a load shares the value that it returns.
//
// Use NewCache to make one; the zero value does not work. A Cache is safe for
// concurrent use and must not be copied. It has no goroutine but those of loads
// and, while deletions are to be tried again, a timer: close it.
type Cache[V any] struct {
	opts    CacheOptions[V]
	nodes   []*node
	ring    *hash.Ring[int] // of indexes of nodes; nil if there is one only
	flights syncx.SingleFlight[string, V]
	loads   loads.Book[string]
	retries retries
	counts  cacheCounts

	closed atomic.Bool
	life   context.Context // of loads; ended by Close
	end    context.CancelCauseFunc
}

// ringSlots makes shares of ten nodes of one weight equal to a percent or so.
const ringSlots = 1 << 16

// NewCache returns a cache. It panics if o is impossible; see Validate. It does
// not connect.
func NewCache[V any](o CacheOptions[V]) *Cache[V] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	c := &Cache[V]{opts: o.withDefaults()}
	c.life, c.end = context.WithCancelCause(context.Background())
	places := c.opts.places()
	for _, n := range places {
		c.nodes = append(c.nodes, newNode(n, c.opts.Name, c.opts.Breaker, c.opts.Timeout))
	}
	if len(places) > 1 {
		c.ring = newRing(places)
	}
	c.loads.Forget = c.flights.Forget
	c.flights.OnPanic = c.panicked
	c.retries.init(c.opts.MaxPendingDeletes, c.lost, c.panicked)
	return c
}

func newRing(places []CacheNode) *hash.Ring[int] {
	r := hash.NewRing(hash.RingOptions[int]{Slots: ringSlots, Name: func(i int) string { return places[i].Name }})
	if err := r.SetNodes(weights(places)); err != nil {
		panic(fmt.Sprintf("weirredis: CacheOptions.Nodes: %v", err))
	}
	return r
}

func weights(places []CacheNode) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for i, n := range places {
			if !yield(i, n.Weight) {
				return
			}
		}
	}
}

// Name returns the name given in the options.
func (c *Cache[V]) Name() string { return c.opts.Name }

// at returns the node of key, and what it is called there.
func (c *Cache[V]) at(key string) (*node, string) {
	key = c.opts.Prefix + key
	if c.ring == nil {
		return c.nodes[0], key
	}
	i, _ := c.ring.Get(key) // it is never empty
	return c.nodes[i], key
}

// Get returns the value of key, and whether there is one.
func (c *Cache[V]) Get(ctx context.Context, key string) (v V, found bool, err error) {
	if c.closed.Load() {
		return v, false, ErrCacheClosed
	}
	v, s, err := c.read(ctx, key)
	return v, s == present, err
}

// Set keeps v for TTL, give or take Jitter, whatever was there before.
func (c *Cache[V]) Set(ctx context.Context, key string, v V) error {
	return c.put(ctx, key, v, c.ttl())
}

// SetTTL is Set for ttl, rounded up to a millisecond. If ttl is not positive, it
// is over already, and SetTTL is Delete.
func (c *Cache[V]) SetTTL(ctx context.Context, key string, v V, ttl time.Duration) error {
	if ttl <= 0 {
		return c.Delete(ctx, key)
	}
	return c.put(ctx, key, v, roundUp(min(ttl, longest)))
}

func (c *Cache[V]) put(ctx context.Context, key string, v V, ttl time.Duration) error {
	if c.closed.Load() {
		return ErrCacheClosed
	}
	data, err := c.encode(key, v)
	if err != nil {
		return err
	}
	c.loads.Overrule(key)
	defer c.loads.Overrule(key) // what began before this was done, too
	n, full := c.at(key)
	return n.set(ctx, full, data, ttl)
}

func (c *Cache[V]) encode(key string, v V) ([]byte, error) {
	data, err := c.opts.Marshal(v)
	if err == nil && string(data) == placeholder {
		err = errPlaceholder
	}
	if err != nil {
		return nil, keyError(key, err)
	}
	return data, nil
}

// ttl returns the time to live of one value.
func (c *Cache[V]) ttl() time.Duration {
	spread := 1 + c.opts.Jitter*(2*rand.Float64()-1)
	return roundUp(time.Duration(min(float64(c.opts.TTL)*spread, float64(longest))))
}

// roundUp returns whole milliseconds, and never 0, which for Redis is for ever.
func roundUp(ttl time.Duration) time.Duration {
	return max(time.Millisecond, (ttl + time.Millisecond - 1).Truncate(time.Millisecond))
}

// Delete removes keys, with one exchange per node, all at the same time. Keys that
// a node fails to delete are tried again after 1 s, 5 s, 1 min, 5 min and 1 h, as
// long as the cache is not closed; and the error says so now. Nothing is done if
// ctx is done at the start.
func (c *Cache[V]) Delete(ctx context.Context, keys ...string) error {
	if c.closed.Load() {
		return ErrCacheClosed
	}
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	c.loads.Overrule(keys...)
	defer c.loads.Overrule(keys...) // what began before this was done, too
	return c.erase(ctx, keys)
}

func (c *Cache[V]) erase(ctx context.Context, keys []string) error {
	byNode := map[*node][]string{}
	for _, key := range keys {
		n, full := c.at(key)
		byNode[n] = append(byNode[n], full)
	}
	errs := make([]error, 0, len(byNode))
	var again []func()
	var mu sync.Mutex // guards errs and again
	var wg sync.WaitGroup
	for n, keys := range byNode {
		wg.Go(func() {
			if left, err := n.del(ctx, keys); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
				again = append(again, func() { c.retries.add(n, left, err) })
			}
		})
	}
	wg.Wait()
	for _, add := range again {
		add() // here, for it may call OnDeleteLost
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// Close ends the contexts of loads under way, with [ErrCacheClosed] as their cause,
// and waits for these loads, tries deletions that have failed one last time, and
// says if any is left. If ctx is done before, it returns the error of ctx. It can
// be called again. Afterwards all methods that could fail return ErrCacheClosed.
// The clients stay open.
func (c *Cache[V]) Close(ctx context.Context) error {
	c.closed.Store(true)
	c.end(ErrCacheClosed)
	if err := c.loads.Close(ctx); err != nil {
		return err
	}
	return c.retries.close(ctx)
}
