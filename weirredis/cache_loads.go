package weirredis

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir/internal/ctxerr"
)

// cacheLoads knows which loads are under way, so that a write can overrule them,
// and Close wait for them.
type cacheLoads struct {
	forget func(string) // makes later callers not join the load of a key any more

	mu      sync.Mutex // guards what follows; forget is called with it
	byKey   map[string]*booking
	running int
	closed  bool
	idle    chan struct{} // after close: closed when nothing runs any more
}

// A cacheLoad is overruled if what it returns must not be kept.
type cacheLoad struct {
	overruled atomic.Bool
	booking   *booking
}

// A booking is of all loads of a key that may still be joined. Those that their
// callers have left may begin in another order than their flights, so it stays
// until the last of them has ended.
type booking struct {
	latest  *cacheLoad // the others are overruled
	running int
}

// begin books a load, or returns nil after close. An earlier load of the key, which
// all its callers have left, is overruled: nobody could do that later.
func (l *cacheLoads) begin(key string) *cacheLoad {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	if l.byKey == nil {
		l.byKey = make(map[string]*booking)
	}
	b := l.byKey[key]
	if b == nil {
		b = new(booking)
		l.byKey[key] = b
	} else {
		b.latest.overruled.Store(true)
	}
	began := &cacheLoad{booking: b}
	b.latest, b.running = began, b.running+1
	l.running++
	return began
}

func (l *cacheLoads) finish(key string, f *cacheLoad) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.booking.running--; f.booking.running == 0 && l.byKey[key] == f.booking {
		delete(l.byKey, key)
	}
	if l.running--; l.running > 0 {
		return
	}
	l.byKey = nil // a map keeps the room for all it ever held
	if l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// overrule keeps the loads of keys from keeping their results, and from being
// joined.
func (l *cacheLoads) overrule(keys ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.byKey) == 0 {
		return
	}
	for _, key := range keys {
		if b := l.byKey[key]; b != nil {
			b.latest.overruled.Store(true)
			delete(l.byKey, key)
			l.forget(key)
		}
	}
}

// close lets no more loads begin, and waits for those that run.
func (l *cacheLoads) close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	if l.running == 0 {
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
