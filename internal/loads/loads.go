// Package loads keeps the books of loads under way behind a cache: package cache
// has one, and so has the cache of weirredis.
package loads

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir/internal/ctxerr"
)

// A Book knows which loads are under way, so that a write can overrule them, and
// Close wait for them. Forget must be set before first use.
type Book[K comparable] struct {
	Forget func(K) // makes later callers not join the load of a key any more

	running atomic.Int64 // changed under mu only

	mu         sync.Mutex // guards what follows; Forget is called with it
	byKey      map[K]*booking
	refreshing map[K]struct{} // keys with a refresh, from before to after its load
	closed     bool
	idle       chan struct{} // after close: closed when nothing runs any more
}

// A Load is one in a Book.
type Load struct {
	overruled atomic.Bool
	booking   *booking
}

// Overruled reports whether what the load returns must not be stored.
func (f *Load) Overruled() bool { return f.overruled.Load() }

// A booking is of all loads of a key that may still be joined. Those that their
// callers have left may begin in another order than their flights, so it stays
// until the last of them has ended.
type booking struct {
	latest  *Load // the others are overruled
	running int
}

// Begin books a load, or returns nil after close. An earlier load of the key, which
// all its callers have left, is overruled: nobody could do that later.
func (l *Book[K]) Begin(key K) *Load {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	if l.byKey == nil {
		l.byKey = make(map[K]*booking)
	}
	b := l.byKey[key]
	if b == nil {
		b = new(booking)
		l.byKey[key] = b
	} else {
		b.latest.overruled.Store(true)
	}
	began := &Load{booking: b}
	b.latest, b.running = began, b.running+1
	l.running.Add(1)
	return began
}

// Finish ends a load that Begin has booked.
func (l *Book[K]) Finish(key K, f *Load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.booking.running--; f.booking.running == 0 && l.byKey[key] == f.booking {
		delete(l.byKey, key)
	}
	l.leaveLocked()
}

func (l *Book[K]) leaveLocked() {
	if l.running.Add(-1) > 0 {
		return
	}
	l.byKey = nil // a map keeps the room for all it ever held
	if l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// Overrule keeps loads of these keys that have begun before from storing their
// results, and from being joined. A write does so before it is made: a load that begins in
// between has begun after the write, for all that its source can tell.
//
// With the lock held throughout, no two calls can pass each other half-way: what
// one finds overruled is so.
func (l *Book[K]) Overrule(keys ...K) {
	if l.running.Load() == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		if b := l.byKey[key]; b != nil {
			l.overruleLocked(key, b)
		}
	}
}

// OverruleAll is Overrule for all keys.
func (l *Book[K]) OverruleAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, b := range l.byKey {
		l.overruleLocked(key, b)
	}
}

func (l *Book[K]) overruleLocked(key K, b *booking) {
	b.latest.overruled.Store(true)
	delete(l.byKey, key)
	l.Forget(key)
}

// Claim books a refresh of key, unless there is one, or after close.
func (l *Book[K]) Claim(key K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, taken := l.refreshing[key]; taken || l.closed {
		return false
	}
	if l.refreshing == nil {
		l.refreshing = make(map[K]struct{})
	}
	l.refreshing[key] = struct{}{}
	l.running.Add(1)
	return true
}

// Unclaim ends a refresh that Claim has booked.
func (l *Book[K]) Unclaim(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.refreshing, key)
	l.leaveLocked()
}

// Close lets no more loads begin, and waits for those that run.
func (l *Book[K]) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	if l.running.Load() == 0 {
		l.mu.Unlock()
		return nil
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	idle := l.idle
	l.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctxerr.Err(ctx)
	}
}
