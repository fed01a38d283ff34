package cache

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/weirgo/weir/internal/loads"
)

// A draft is a value to be stored, with what is to be noted about it.
type draft[V any] struct {
	value  V
	ttl    time.Duration // 0 if that of the key
	weight uint32
}

// least returns how long the value lives at the least.
func (c *Cache[K, V]) least(d draft[V]) time.Duration {
	if d.ttl > 0 {
		return d.ttl
	}
	return c.shortest
}

// draft calls user code, so no lock must be held.
func (c *Cache[K, V]) draft(key K, v V, ttl time.Duration) draft[V] {
	d := draft[V]{value: v, ttl: ttl}
	if c.opts.Weigh != nil {
		d.weight = max(1, c.opts.Weigh(key, v))
	}
	return d
}

func (c *Cache[K, V]) put(key K, d draft[V]) {
	c.loads.Overrule(key)
	if d.ttl == 0 && c.opts.Weigh == nil {
		c.store.Set(key, d.value)
	} else {
		c.store.Compute(key, func(V, bool) (V, otter.ComputeOp) {
			c.note(key, d)
			return d.value, otter.WriteOp
		})
	}
	c.notAbsent(key)
	c.loads.Overrule(key)
	c.reclaim.wake(c.least(d))
}

// keep stores what the load f came to, unless that was overruled. Whoever overrules
// it later writes later, too.
func (c *Cache[K, V]) keep(key K, f *loads.Load, d draft[V]) {
	c.store.Compute(key, func(old V, _ bool) (V, otter.ComputeOp) {
		if f.Overruled() {
			return old, otter.CancelOp
		}
		c.note(key, d)
		c.notAbsent(key)
		return d.value, otter.WriteOp
	})
	c.reclaim.wake(c.least(d))
}

// keepAbsent stores that the load f found nothing, unless that was overruled.
func (c *Cache[K, V]) keepAbsent(key K, f *loads.Load) {
	var absences *otter.Cache[K, struct{}]
	if c.opts.NotFoundTTL > 0 {
		absences = c.absences()
	}
	c.store.Compute(key, func(old V, _ bool) (V, otter.ComputeOp) {
		if f.Overruled() {
			return old, otter.CancelOp
		}
		if absences != nil {
			absences.Set(key, struct{}{})
		}
		return old, otter.InvalidateOp
	})
	c.reclaim.wake(c.opts.NotFoundTTL)
}

// remove ends what is known of key.
func (c *Cache[K, V]) remove(key K) {
	// Before, so that no load under way stores its result any more; and after, so
	// that none which found the value just before it went is joined any more.
	c.loads.Overrule(key)
	c.store.Invalidate(key)
	c.notAbsent(key)
	c.loads.Overrule(key)
}

func (c *Cache[K, V]) notAbsent(key K) {
	if a := c.absent.Load(); a != nil && a.EstimatedSize() > 0 {
		a.Invalidate(key)
	}
}

// note must be called under the store's lock of key, right before a write.
func (c *Cache[K, V]) note(key K, d draft[V]) {
	if d.ttl > 0 {
		c.ttls.put(key, d.ttl)
	}
	if c.opts.Weigh != nil {
		c.weights.put(key, d.weight)
	}
}

// notes hand a number from who writes a key to what the store calls, in the course
// of that write, to ask for it. Both happen under the store's lock of the key, so
// that there is one note for a key at a time.
type notes[K comparable, N any] struct {
	n  atomic.Int64 // len(of): mostly, there are none
	mu sync.Mutex
	of map[K]N // guarded by mu
}

func (n *notes[K, N]) put(key K, v N) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == nil {
		n.of = make(map[K]N)
	}
	n.of[key] = v
	n.n.Store(int64(len(n.of)))
}

func (n *notes[K, N]) take(key K) (v N, ok bool) {
	if n.n.Load() == 0 {
		return v, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if v, ok = n.of[key]; ok {
		delete(n.of, key)
		n.n.Store(int64(len(n.of)))
	}
	return v, ok
}
