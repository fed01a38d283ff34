package syncx

import (
	"context"
	"sync"

	"github.com/weirgo/weir/internal/ctxerr"
)

// LockedCalls lets one call at a time run for each key, in the order of coming: a
// lock by key. Each caller's own function is called; to share one call, take
// [SingleFlight].
//
// The zero value is ready. It must not be copied after first use. All methods are
// safe for concurrent use.
//
// The end of a call wakes the next caller in line and nobody else, also if it
// panics or calls [runtime.Goexit], which reach its caller alone. A caller whose
// context ends leaves the line at once. A call that asks, with the context it was
// given, or one made of that, for its own key would wait for itself: that is
// [ErrRecursive], also if calls of other keys lie between. With another context,
// or in a ring of calls of several goroutines, everybody waits until a context is
// done.
//
// A key must equal itself, else Do panics. A call takes two short locks, and
// allocates its context, of some 64 bytes; who has to wait allocates a place in the
// line, too. What is kept for a key goes with its last call.
type LockedCalls[K comparable] struct {
	mu   sync.Mutex // guards what follows, and never held while user code runs
	keys map[K]*lockedKey
}

// A lockedKey is there while a call of its key runs, or is about to.
type lockedKey struct {
	running *lockedCall // nil while the next one in line is about to run
	line    line[struct{}]
	first   lockedCall
}

// A lockedCall is the context of one call, and tells it from all others.
type lockedCall struct {
	context.Context
	outer *lockedCall // whose context this one is made of, of whatever key; or nil
}

type lockedCallKey struct{}

// Value returns the innermost call that a context is made of, for lockedCallKey.
func (c *lockedCall) Value(key any) any {
	if key == (lockedCallKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func newLockedKey(ctx context.Context) *lockedKey {
	outer, _ := ctx.Value(lockedCallKey{}).(*lockedCall)
	return &lockedKey{first: lockedCall{ctx, outer}}
}

// within reports whether c was made by other, which runs, or by what that called.
func (c *lockedCall) within(other *lockedCall) bool {
	for ; c != nil; c = c.outer {
		if c == other {
			return true
		}
	}
	return false
}

// Do calls fn once no other call of key runs, and returns what it returns. It
// returns early, with the error of ctx, if that is done before the turn of fn has
// come. The context that fn is given is ctx. It panics if fn is nil or key does
// not equal itself.
func (l *LockedCalls[K]) Do(ctx context.Context, key K, fn func(context.Context) error) error {
	if fn == nil {
		panic("syncx: LockedCalls has no nil fn to call")
	}
	if same := key; key != same {
		panic("syncx: a key of LockedCalls does not equal itself, as NaN does not")
	}
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	k, err := l.enter(key, newLockedKey(ctx))
	if err != nil {
		return err
	}
	defer l.leave(key, k)
	return fn(k.running)
}

// LockedCall is Do of l for a function that returns a value.
func LockedCall[K comparable, V any](ctx context.Context, l *LockedCalls[K], key K, fn func(context.Context) (V, error)) (v V, err error) {
	if fn == nil {
		panic("syncx: LockedCalls has no nil fn to call")
	}
	err = l.Do(ctx, key, func(ctx context.Context) (err error) {
		v, err = fn(ctx)
		return err
	})
	return v, err
}

// enter returns when it is the turn of own.first, which is what runs then. If that
// is at once, own is what stands for the key from now on.
func (l *LockedCalls[K]) enter(key K, own *lockedKey) (*lockedKey, error) {
	call := &own.first
	l.mu.Lock()
	k := l.keys[key]
	if k == nil {
		own.running = call
		if l.keys == nil {
			l.keys = make(map[K]*lockedKey)
		}
		l.keys[key] = own
		l.mu.Unlock()
		return own, nil
	}
	if k.running != nil && call.within(k.running) {
		l.mu.Unlock()
		return nil, ErrRecursive
	}
	w := newWaiter[struct{}]()
	k.line.pushLocked(w)
	l.mu.Unlock()
	_, mine := k.line.await(call.Context, &l.mu, w)
	if err := ctxerr.Err(call.Context); err != nil {
		if mine {
			l.leave(key, k)
		}
		return nil, err
	}
	l.mu.Lock()
	k.running = call
	l.mu.Unlock()
	return k, nil
}

// leave lets the next one in line have its turn.
func (l *LockedCalls[K]) leave(key K, k *lockedKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k.running = nil
	if !k.line.grantLocked(struct{}{}) {
		delete(l.keys, key)
	}
}
