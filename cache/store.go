package cache

import (
	"hash/maphash"
	"math/bits"
	"time"

	"github.com/maypok86/otter/v2"
)

// Values are kept in the store as they are, so that those of a word are updated in
// place, without an allocation. What the store must know of one besides it learns
// from [notes], for the moment of the write. Keys known not to be found have a store of their own, so that a flood of
// made-up keys does not flush the values.

// state is what is known of a key.
type state uint8

const (
	unknown state = iota // nothing that Take could answer with
	present              // a value
	due                  // a value that it is time to refresh
	absent               // that there is no value
	states
)

// lookup returns what is known of key, as a use of it: it counts for what is
// evicted later.
func (c *Cache[K, V]) lookup(key K) (v V, s state) {
	if c.closed.Load() {
		return v, unknown
	}
	if c.plain {
		// The usual, without the times of the entry, which take longer to get.
		if v, ok := c.store.GetIfPresent(key); ok {
			return v, present
		}
	} else {
		e, ok := c.store.GetEntry(key)
		e, ok = c.settled(key, e, ok)
		if s := c.judge(e, ok); s != unknown {
			return e.Value, s
		}
	}
	if a := c.absent.Load(); a != nil {
		if _, ok := a.GetIfPresent(key); ok {
			return v, absent
		}
	}
	return v, unknown
}

// peek returns the value that is at hand, be it stale, and what is known of key,
// and is no use of it.
func (c *Cache[K, V]) peek(key K) (v V, held bool, s state) {
	if c.closed.Load() {
		return v, false, unknown
	}
	e, held := c.store.GetEntryQuietly(key)
	e, held = c.settled(key, e, held)
	s = c.judge(e, held)
	if a := c.absent.Load(); a != nil && !held {
		if _, ok := a.GetEntryQuietly(key); ok {
			s = absent
		}
	}
	return e.Value, held, s
}

// settled makes sure that the value of an entry is no older than its times: the
// store reads the value first, and an update in place may come between. The
// value that was there then may be stale.
func (c *Cache[K, V]) settled(key K, e otter.Entry[K, V], held bool) (otter.Entry[K, V], bool) {
	for c.opts.StaleOnError > 0 && held {
		before := e.ExpiresAtNano
		if e, held = c.store.GetEntryQuietly(key); e.ExpiresAtNano == before {
			break
		}
	}
	return e, held
}

func (c *Cache[K, V]) judge(e otter.Entry[K, V], held bool) state {
	now := e.SnapshotAtNano
	switch {
	case !held || e.ExpiresAtNano-int64(c.opts.StaleOnError) <= now:
		return unknown
	case c.opts.RefreshAfter > 0 && e.RefreshableAtNano <= now:
		return due
	}
	return present
}

// ttl returns the time to live of a value of key. Where in the spread it lies is a
// property of the key, for as long as the cache lives: so an update never ends
// earlier than what it replaces, which the store would take much longer to write.
func (c *Cache[K, V]) ttl(key K) time.Duration {
	if c.spread == 0 {
		return c.shortest
	}
	share, _ := bits.Mul64(maphash.Comparable(c.seed, key), uint64(c.spread))
	return c.shortest + time.Duration(share)
}

func (c *Cache[K, V]) newStore() *otter.Cache[K, V] {
	o := otter.Options[K, V]{
		MaximumSize:   max(0, c.opts.MaxEntries),
		MaximumWeight: c.opts.MaxWeight,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[K, V]) time.Duration {
			ttl, ok := c.ttls.take(e.Key)
			if !ok {
				ttl = c.ttl(e.Key)
			}
			return ttl + c.opts.StaleOnError
		}),
		OnAtomicDeletion: func(e otter.DeletionEvent[K, V]) {
			switch e.Cause {
			case otter.CauseOverflow:
				c.counts.evicted.Add(1)
			case otter.CauseExpiration:
				c.counts.expired.Add(1)
			}
		},
		Clock: c.clock,
	}
	if c.opts.MaxWeight > 0 {
		o.Weigher = func(key K, _ V) uint32 {
			weight, _ := c.weights.take(key)
			return weight
		}
	}
	if c.opts.RefreshAfter > 0 {
		o.RefreshCalculator = otter.RefreshWriting[K, V](c.opts.RefreshAfter)
	}
	return quiet(otter.Must(&o))
}

// absences returns the store of keys known not to be found.
func (c *Cache[K, V]) absences() *otter.Cache[K, struct{}] {
	if a := c.absent.Load(); a != nil {
		return a
	}
	a := quiet(otter.Must(&otter.Options[K, struct{}]{
		MaximumSize:      c.maxAbsent(),
		ExpiryCalculator: otter.ExpiryWriting[K, struct{}](c.opts.NotFoundTTL),
		Clock:            c.clock,
	}))
	if c.absent.CompareAndSwap(nil, a) {
		return a
	}
	return c.absent.Load()
}

func (c *Cache[K, V]) maxAbsent() int {
	if c.opts.MaxEntries > 0 {
		return c.opts.MaxEntries
	}
	return defaultMaxEntries
}

// quiet ends the only goroutine that a store keeps, which has no ticks to wait for.
func quiet[K comparable, V any](s *otter.Cache[K, V]) *otter.Cache[K, V] {
	s.StopAllGoroutines()
	return s
}

// A clock is the time since the cache was made. It does not tick: that would take
// a goroutine, and the reclaimer does what it would be for.
type clock struct{ epoch time.Time }

func (c clock) NowNano() int64                    { return int64(time.Since(c.epoch)) }
func (clock) Tick(time.Duration) <-chan time.Time { return nil }
