package limit

import (
	"context"
	"hash/maphash"
	"strings"
	"sync"
	"time"
)

const (
	leaseShards   = 64
	leasesInShard = 1024 // 65,536 in all; further keys do without
	leasesSampled = 4    // looked at to find an idle one, for each new key
)

// leases are tokens taken from the store in advance, so that a busy key costs one
// call of the store for many events.
//
// A process never holds more than size tokens of a key, whatever happens: only
// one goroutine per key fetches, what is left counts towards what it asks for,
// and what it needs itself is spent at once. So in any span of time, all
// processes admit at most what the store gave out in it, Burst + Rate x time,
// and what they held when it began: Replicas x size.
type leases struct {
	door    *door
	buckets []Bucket
	most    int // events that fit at once
	size    int
	keep    time.Duration // how long tokens may be spent
	gather  time.Duration // how long a store that has none left is left alone
	epoch   time.Time
	seed    maphash.Seed
	shards  [leaseShards]leaseShard
}

type leaseShard struct {
	mu   sync.Mutex
	keys map[string]*lease // guarded by mu, and so is what they point to
	_    [48]byte          // to a cache line
}

const defaultLeaseFor = 100 * time.Millisecond

func newLeases(d *door, buckets []Bucket, size int, keep time.Duration) *leases {
	if keep == 0 {
		keep = defaultLeaseFor
	}
	r := request{buckets: buckets}
	l := &leases{
		door: d, buckets: buckets, most: r.most(), size: size, keep: keep,
		epoch: time.Now(), seed: maphash.MakeSeed(),
	}
	l.gather = keep / 4
	for _, b := range buckets {
		// No bucket may run full meanwhile, or its tokens would be lost.
		events := min(size, b.Burst/2)
		span := float64(events) / float64(b.Rate.Events) * float64(b.Rate.Per)
		l.gather = time.Duration(min(float64(l.gather), span))
	}
	return l
}

func (l *leases) now() int64 { return int64(time.Since(l.epoch)) }

// take takes n events of the key, n > 0, and reports whether a stand-in for the
// store decided. An error is that of ctx.
func (l *leases) take(ctx context.Context, key string, n int) (Decision, bool, error) {
	if n > l.most || l.door.gates.open(key) {
		return l.direct(ctx, key, n)
	}
	s := l.shard(key)
	now := l.now()
	s.mu.Lock()
	c := s.get(key, now, l.keep)
	if c == nil {
		s.mu.Unlock()
		return l.direct(ctx, key, n)
	}
	if d, ok := c.decide(n, now); ok {
		s.mu.Unlock()
		return d, false, nil
	}
	if c.overdue(l, now) {
		c.sendAway()
		s.mu.Unlock()
		return l.direct(ctx, key, n)
	}
	if c.fetching {
		w := c.enqueue(n)
		s.mu.Unlock()
		return l.await(ctx, s, c, key, w)
	}
	f := c.begin(n, l, now)
	s.mu.Unlock()
	return l.fetch(ctx, s, c, key, f)
}

func (l *leases) shard(key string) *leaseShard {
	return &l.shards[maphash.String(l.seed, key)%leaseShards]
}

// get returns the key's lease, or nil if there is no room. It needs s.mu.
func (s *leaseShard) get(key string, now int64, keep time.Duration) *lease {
	c := s.keys[key]
	if c == nil {
		s.evict(now, keep)
		if len(s.keys) >= leasesInShard {
			return nil
		}
		if s.keys == nil {
			s.keys = make(map[string]*lease)
		}
		c = &lease{}
		s.keys[strings.Clone(key)] = c
	}
	c.used = now
	return c
}

// evict drops the idle ones among a few leases. A map is ranged over from a random
// place, so these are others each time.
func (s *leaseShard) evict(now int64, keep time.Duration) {
	looked := 0
	for key, c := range s.keys {
		if c.idle(now, keep) {
			delete(s.keys, key)
		}
		if looked++; looked == leasesSampled {
			return
		}
	}
}

// direct asks the door for just these events.
func (l *leases) direct(ctx context.Context, key string, n int) (Decision, bool, error) {
	t, degraded, err := l.door.tokens(ctx, key, n, 0, l.buckets)
	return decisionOf(t, degraded), degraded, err
}

// look asks the store, and adds what is here.
func (l *leases) look(ctx context.Context, key string) (Decision, bool, error) {
	d, degraded, err := l.direct(ctx, key, 0)
	if err != nil || degraded {
		return d, degraded, err
	}
	s := l.shard(key)
	now := l.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.keys[key]; c != nil && now < c.expires && c.tokens > 0 {
		d.Allowed, d.RetryAfter = true, 0
		d.Remaining = addUpTo(d.Limit, c.tokens, d.Remaining)
	}
	return d, false, nil
}
