package breaker

import (
	"fmt"
	"hash/maphash"
	"iter"
	"sync"
	"sync/atomic"
	"time"
)

// A Group keeps one [Breaker] per key: per host, per method, per tenant.
//
// It makes them as they are asked for, up to MaxKeys, and each new key drops a few
// that are closed and idle, if it comes upon some. Where the group is full and none
// is found, the key shares the overflow breaker with all others in the same case
// (and with one that comes for the last place together with another goroutine).
// So a flood of keys costs neither memory nor the state of those that matter. A
// breaker that is not closed, or was forced into a state, is never dropped.
//
// Use NewGroup to make one. A Group is safe for concurrent use and must not be
// copied. There is no goroutine and nothing to close.
type Group[K comparable] struct {
	opts     GroupOptions
	seed     maphash.Seed
	size     atomic.Int64  // breakers in all shards, and places reserved for some
	hand     atomic.Uint64 // goes round the shards in search of idle breakers
	overflow *Breaker
	shards   [shardCount]shard[K]
}

const (
	shardCount = 64
	// sampled is how many breakers of a shard are looked at to find an idle one,
	// and strolled how many shards more a new key tries when the group is full.
	sampled, strolled = 8, 4
)

type shard[K comparable] struct {
	mu       sync.Mutex
	breakers map[K]*Breaker // guarded by mu
	_        [48]byte       // to a cache line
}

// NewGroup returns an empty group. It panics if o is impossible; see Validate.
func NewGroup[K comparable](o GroupOptions) *Group[K] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	o.MaxKeys = orDefault(o.MaxKeys, 10_000)
	o.IdleAfter = orDefault(o.IdleAfter, 10*time.Minute)
	g := &Group[K]{opts: o, seed: maphash.MakeSeed()}
	g.overflow = g.newBreaker("(overflow)")
	return g
}

func (g *Group[K]) newBreaker(key string) *Breaker {
	o := g.opts.Options
	o.Name += "/" + key
	return New(o)
}

// Get returns the breaker of the key, or the overflow breaker; never nil. Ask
// again for each call rather than keep it: a breaker that was idle may have been
// dropped meanwhile. A key that does not equal itself, such as a NaN, gets the
// overflow breaker. Get panics if key is an interface that holds something
// unhashable. For a key that has a breaker, it allocates nothing.
func (g *Group[K]) Get(key K) *Breaker {
	if key != key {
		return g.overflow
	}
	home := maphash.Comparable(g.seed, key)
	if b := g.shards[home%shardCount].get(key); b != nil {
		return b
	}
	return g.add(key, home)
}

func (s *shard[K]) get(key K) *Breaker {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.breakers[key]
}

// add makes a breaker for the key if there is room, or room can be made.
func (g *Group[K]) add(key K, home uint64) *Breaker {
	s := &g.shards[home%shardCount]
	g.evict(s)
	for tries := 0; !g.reserve(); tries++ {
		if tries == strolled {
			return g.overflow
		}
		g.evict(&g.shards[g.hand.Add(1)%shardCount])
	}
	placed := false
	defer func() {
		if !placed {
			g.size.Add(-1) // somebody was faster, or the key's String panicked
		}
	}()
	fresh := g.newBreaker(fmt.Sprint(key)) // may call the user's String: not under the lock
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.breakers[key]; b != nil {
		return b
	}
	if s.breakers == nil {
		s.breakers = make(map[K]*Breaker)
	}
	s.breakers[key] = fresh
	placed = true
	return fresh
}

// reserve takes one of the MaxKeys places.
func (g *Group[K]) reserve() bool {
	for {
		n := g.size.Load()
		if n >= int64(g.opts.MaxKeys) {
			return false
		}
		if g.size.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// evict drops the idle ones among a few breakers of the shard. A map is ranged
// over from a random place, so it looks at others each time.
func (g *Group[K]) evict(s *shard[K]) {
	if g.opts.IdleAfter < 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	looked := 0
	for key, b := range s.breakers {
		if b.idle(g.opts.IdleAfter) {
			delete(s.breakers, key)
			g.size.Add(-1)
		}
		if looked++; looked == sampled {
			return
		}
	}
}

// idle reports whether the breaker is closed, and nothing was counted for so long.
func (b *Breaker) idle(after time.Duration) bool {
	now := b.now()
	mode := b.mode.Load()
	if mode&overrides != 0 || mode&tripped != 0 && !b.probes.lapsed(now, b.opts.Window) {
		return false
	}
	silent := b.window.silence(b.window.epoch(now))
	return silent > b.opts.Window && silent > after
}

// Len returns how many breakers there are, the overflow breaker not counted.
func (g *Group[K]) Len() int { return int(g.size.Load()) }

// Overflow returns the breaker of all keys that found no room.
func (g *Group[K]) Overflow() *Breaker { return g.overflow }

// All ranges over the keys and their breakers, in no order, without the overflow
// breaker. No lock is held meanwhile; keys that come or go may be missed.
func (g *Group[K]) All() iter.Seq2[K, *Breaker] {
	return func(yield func(K, *Breaker) bool) {
		for i := range g.shards {
			for key, b := range g.shards[i].snapshot() {
				if !yield(key, b) {
					return
				}
			}
		}
	}
}

func (s *shard[K]) snapshot() map[K]*Breaker {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := make(map[K]*Breaker, len(s.breakers))
	for key, b := range s.breakers {
		m[key] = b
	}
	return m
}
