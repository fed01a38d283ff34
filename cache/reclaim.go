package cache

import (
	"sync"
	"sync/atomic"
	"time"
	"weak"
)

// A reclaimer gives back the memory of entries whose time is over, though nobody
// asks for them. It has a timer that runs while there are entries, and looks for
// what is over sixty times within the shortest of their lives, but not more often
// than once a second.
type reclaimer struct {
	every atomic.Int64 // how often, now; 0 while there are no entries; changed under mu

	mu     sync.Mutex // guards what follows; held while entries are removed
	timer  *time.Timer
	closed bool
}

// newReclaimTimer returns a timer that does not run yet. It does not keep the
// cache from being collected.
func (c *Cache[K, V]) newReclaimTimer() *time.Timer {
	loose := weak.Make(c)
	t := time.AfterFunc(time.Hour, func() {
		if c := loose.Value(); c != nil {
			c.reclaimNow()
		}
	})
	t.Stop()
	return t
}

func (c *Cache[K, V]) reclaimNow() {
	r := &c.reclaim
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if c.cleanUp() {
		r.timer.Reset(time.Duration(r.every.Load()))
		return
	}
	r.every.Store(0)
	if c.held() { // it came just now, and may have found the timer running
		r.wakeLocked(time.Second)
	}
}

// cleanUp reports whether anything is left.
func (c *Cache[K, V]) cleanUp() bool {
	c.store.CleanUp()
	if a := c.absent.Load(); a != nil {
		a.CleanUp()
	}
	return c.held()
}

func (c *Cache[K, V]) held() bool {
	a := c.absent.Load()
	return c.store.EstimatedSize() > 0 || a != nil && a.EstimatedSize() > 0
}

// wake is called after an entry was stored.
func (r *reclaimer) wake(life time.Duration) {
	every := max(life/60, time.Second)
	if now := r.every.Load(); now != 0 && now <= int64(every) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakeLocked(every)
}

func (r *reclaimer) wakeLocked(every time.Duration) {
	if now := r.every.Load(); r.closed || now != 0 && now <= int64(every) {
		return
	}
	r.every.Store(int64(every))
	r.timer.Reset(every)
}

// close waits for a pass under way, and there is none later.
func (r *reclaimer) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.timer.Stop()
}
