package cache

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir/internal/ctxerr"
)

// loads knows which loads are under way, so that a write can overrule them, and
// Close wait for them.
type loads[K comparable] struct {
	forget func(K) // makes later callers not join the load of a key any more

	running atomic.Int64 // changed under mu only

	mu         sync.Mutex // guards what follows; forget is called with it
	byKey      map[K]*booking
	refreshing map[K]struct{} // keys with a refresh, from before to after its load
	closed     bool
	idle       chan struct{} // after close: closed when nothing runs any more
}

// A load is overruled if what it returns must not be stored. It is changed with
// loads.mu, and looked at under the store's lock of the key.
type load struct {
	overruled atomic.Bool
	booking   *booking
}

// A booking is of all loads of a key that may still be joined. Those that their
// callers have left may begin in another order than their flights, so it stays
// until the last of them has ended.
type booking struct {
	latest  *load // the others are overruled
	running int
}

// begin books a load, or returns nil after close. An earlier load of the key, which
// all its callers have left, is overruled: nobody could do that later.
func (l *loads[K]) begin(key K) *load {
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
	began := &load{booking: b}
	b.latest, b.running = began, b.running+1
	l.running.Add(1)
	return began
}

func (l *loads[K]) finish(key K, f *load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.booking.running--; f.booking.running == 0 && l.byKey[key] == f.booking {
		delete(l.byKey, key)
	}
	l.leaveLocked()
}

func (l *loads[K]) leaveLocked() {
	if l.running.Add(-1) > 0 {
		return
	}
	l.byKey = nil // a map keeps the room for all it ever held
	if l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// overrule keeps a load of key that has begun before from storing its result, and
// from being joined. A write does so before it is made: a load that begins in
// between has begun after the write, for all that its source can tell.
//
// With the lock held throughout, no two calls can pass each other half-way: what
// one finds overruled is so.
func (l *loads[K]) overrule(key K) {
	if l.running.Load() == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.byKey[key]; b != nil {
		l.overruleLocked(key, b)
	}
}

func (l *loads[K]) overruleAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, b := range l.byKey {
		l.overruleLocked(key, b)
	}
}

func (l *loads[K]) overruleLocked(key K, b *booking) {
	b.latest.overruled.Store(true)
	delete(l.byKey, key)
	l.forget(key)
}

// claim books a refresh of key, unless there is one, or after close.
func (l *loads[K]) claim(key K) bool {
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

func (l *loads[K]) unclaim(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.refreshing, key)
	l.leaveLocked()
}

// close lets no more loads begin, and waits for those that run.
func (l *loads[K]) close(ctx context.Context) error {
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
