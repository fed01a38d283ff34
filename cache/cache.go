package cache

import (
	"context"
	"hash/maphash"
	"iter"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/loads"
	"github.com/weirgo/weir/internal/panics"
	"github.com/weirgo/weir/syncx"
)

// A Cache keeps values by key until their time is over or there is no more room,
// and loads what it does not have: see the package comment.
//
// Times are exact: a value is returned until its TTL is over by the monotonic
// clock, to the nanosecond, and never after. Memory is given back when another
// sixtieth of that time has passed, or two seconds if that is longer. Room is made by W-TinyLFU: what is used seldom gives way
// first, and a new key may be turned away by those in use, so that a scan of many
// keys does not flush the cache.
//
// What a Set, Delete or Clear has done is seen by all calls that begin after it
// has returned, and holds against loads that were under way: their result goes to
// those who wait for it already, and is not stored.
//
// Who gets a value shares it with the cache and with all others who get it.
//
// Use New to make one; the zero value does not work. A Cache is safe for
// concurrent use and must not be copied. Key types whose values do not equal
// themselves, such as NaN, cannot be stored: Set and Take panic, Get and Delete
// find nothing. A key that is an interface holding something unhashable panics.
//
// A cache has a timer while it holds entries, no goroutine but those that load,
// and moments of housekeeping in the wake of calls. Close it, or simply drop it if
// no load is under way.
type Cache[K comparable, V any] struct {
	opts             Options[K, V]
	plain            bool // no value is ever stale or due
	seed             maphash.Seed
	shortest, spread time.Duration // of TTLs
	clock            clock

	store   *otter.Cache[K, V]
	absent  atomic.Pointer[otter.Cache[K, struct{}]] // nil until there is one
	ttls    notes[K, time.Duration]
	weights notes[K, uint32]

	loads   loads.Book[K]
	flights syncx.SingleFlight[K, answer[V]]
	reclaim reclaimer
	counts  counts

	closed atomic.Bool
	life   context.Context // of loads; ended by Close
	end    context.CancelCauseFunc
}

// New returns an empty cache. It panics if o is impossible; see Validate.
func New[K comparable, V any](o Options[K, V]) *Cache[K, V] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	c := &Cache[K, V]{opts: o.withDefaults()}
	c.plain = c.opts.RefreshAfter == 0 && c.opts.StaleOnError == 0
	c.seed = maphash.MakeSeed()
	c.clock = clock{time.Now()}
	c.shortest = scale(c.opts.TTL, 1-c.opts.Jitter)
	c.spread = max(0, scale(c.opts.TTL, 1+c.opts.Jitter)-c.shortest)
	c.life, c.end = context.WithCancelCause(context.Background())
	c.store = c.newStore()
	c.loads.Forget = c.flights.Forget
	c.flights.OnPanic = c.panicked
	c.counts.init()
	c.reclaim.timer = c.newReclaimTimer()
	return c
}

// Name returns the name given in the options.
func (c *Cache[K, V]) Name() string { return c.opts.Name }

// Get returns the value of key, if there is one whose TTL is not over. It
// allocates nothing.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	v, s := c.lookup(key)
	c.counts.looked(s)
	return v, s == present || s == due
}

// Set stores v under key for TTL, give or take Jitter, whatever was there before.
// On a closed cache it does nothing.
func (c *Cache[K, V]) Set(key K, v V) {
	mustEqualItself(key)
	if !c.closed.Load() {
		c.put(key, c.draft(key, v, 0))
	}
}

// SetTTL is Set for exactly ttl, such as what is left of the life of a token. If
// that is not positive, it is over already, and SetTTL is Delete.
func (c *Cache[K, V]) SetTTL(key K, v V, ttl time.Duration) {
	mustEqualItself(key)
	if ttl <= 0 {
		c.remove(key)
		return
	}
	if !c.closed.Load() {
		c.put(key, c.draft(key, v, min(ttl, never)))
	}
}

// Delete removes what is known of key: the value, or that there is none.
func (c *Cache[K, V]) Delete(key K) { c.remove(key) }

// Clear removes everything, as Delete does for one key. What is stored while it
// runs may stay.
func (c *Cache[K, V]) Clear() {
	c.loads.OverruleAll()
	c.store.InvalidateAll()
	if a := c.absent.Load(); a != nil {
		a.InvalidateAll()
	}
	c.loads.OverruleAll()
}

// Len returns how many values are held, and for a while also those whose time is
// over.
func (c *Cache[K, V]) Len() int {
	if c.closed.Load() {
		return 0
	}
	n := c.store.EstimatedSize()
	if c.opts.MaxEntries > 0 && n > c.opts.MaxEntries {
		c.store.CleanUp()
		n = c.store.EstimatedSize()
	}
	return n
}

// All ranges over the values whose TTL is not over, in no order, and is no use of
// them. No lock is held meanwhile, so that the cache may be used; which of the
// changes made meanwhile are seen is not determined.
func (c *Cache[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for key := range c.store.Keys() {
			if v, _, s := c.peek(key); s == present || s == due {
				if !yield(key, v) {
					return
				}
			}
		}
	}
}

func (c *Cache[K, V]) panicked(p *weir.Panic) {
	c.counts.panics.Add(1)
	if c.opts.OnPanic != nil {
		c.opts.OnPanic(p)
		return
	}
	panics.Log("cache: panic in a load that nobody waits for", p.Value, p.Stack)
}

// mustEqualItself also panics, before anything is locked, where the dynamic type
// of key cannot be compared.
func mustEqualItself[K comparable](key K) {
	if same := key; key != same {
		panic("cache: a key does not equal itself, as NaN does not")
	}
}

// Close ends the contexts of loads under way, with [ErrClosed] as their cause, and
// waits until these loads have returned. If ctx is done before, it returns the
// error of ctx, and can be called again. A load must not wait for it.
//
// A closed cache is empty and stays so: Get finds nothing, Set does nothing, and
// Take returns ErrClosed. What it held is given back together with the cache.
func (c *Cache[K, V]) Close(ctx context.Context) error {
	c.closed.Store(true)
	c.end(ErrClosed)
	c.reclaim.close()
	return c.loads.Close(ctx)
}
