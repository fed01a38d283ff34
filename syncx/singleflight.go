package syncx

import (
	"context"
	"errors"
	"sync"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
	"github.com/weirgo/weir/internal/panics"
)

// ErrRecursive is returned to a load that asks, with the context it was given,
// for its own key: it would wait for itself.
var ErrRecursive = errors.New("syncx: a call asks for its own key, and would wait for itself")

// A SingleFlight runs at most one load per key at a time. Who asks for a key that
// is being loaded waits for that load, and all get what it returns.
//
// The zero value is ready. It must not be copied after first use. All methods are
// safe for concurrent use.
//
// A load lives as long as one caller waits for it. Its context has the values of
// the first caller's context, whose cancel and deadline it does not inherit: it
// ends when the last caller has given up, or when the load has ended. A caller
// whose own context ends leaves at once, with that context's error, and the load
// goes on for the others. As the last one leaves, the key is free: the next
// caller starts a new load and does not join the one that is being abandoned,
// even if that takes its time to end.
//
// So that the first caller, too, can leave at once, a load has a goroutine of its
// own, unless the first caller's context can never be done: then it runs in the
// caller's goroutine, and its context is never done. Such a load allocates nothing
// while nobody else asks for its key: where the context is [context.Background] or
// [context.TODO], each one uses up a byte of identity, of which 256 are allocated
// together; where it has values, their 16 bytes are all.
//
// What ends a load ends every caller that waits for it. If fn panics, they all
// panic with the same [*weir.Panic], which has the stack of the load. If it calls
// [runtime.Goexit], the goroutines of all end, too. An error is shared as any
// other result; so is a value: who gets a pointer shares what it points to.
//
// A load must not wait for itself. Asking for its own key with the context it was
// given, or one made of that, is [ErrRecursive], also if other loads, of other
// keys, types or SingleFlights, lie between; with a foreign context, or in a ring
// of loads that several callers began, everybody waits until a context is done.
//
// A key must equal itself: one that is or holds a NaN would never be found again,
// and panics, as one does that cannot be compared. An uncontended load costs two
// short locks. Memory is that of the loads in flight.
type SingleFlight[K comparable, V any] struct {
	// OnPanic, if set, is called with the panic of a load that all callers had
	// left before, on the goroutine of that load. Without it such a panic is
	// logged once through slog.Default. It must be set before first use.
	OnPanic func(*weir.Panic)

	mu    sync.Mutex     // guards what follows, and never held while user code runs
	loads map[K]*load[V] // in flight, and neither abandoned nor forgotten
	large bool           // loads has grown so much that it is dropped when empty
	spare spares[V]
	ids   ids
}

// largeMap is how many entries a map may have had to be worth keeping.
const largeMap = 1024

// Do returns what fn returns, called by this caller or by another one with the
// same key that is at it already. It returns early, with the error of ctx, once
// ctx is done; if it is done at the start, nothing is called. It panics if fn is
// nil or key does not equal itself.
//
// The context that fn is given is its own: fn must not wait for that of a caller.
func (s *SingleFlight[K, V]) Do(ctx context.Context, key K, fn func(context.Context) (V, error)) (V, error) {
	v, _, err := s.DoEx(ctx, key, fn)
	return v, err
}

// DoEx is Do, and says whether it was this caller's fn that returned v and err.
// That is so for one caller of each load, or for none if that one left early.
func (s *SingleFlight[K, V]) DoEx(ctx context.Context, key K, fn func(context.Context) (V, error)) (v V, fresh bool, err error) {
	if fn == nil {
		panic("syncx: SingleFlight has no nil fn to call")
	}
	mustEqualItself(key)
	if ctx.Err() != nil {
		return v, false, ctxerr.Err(ctx)
	}
	detached := ctx.Done() != nil
	s.mu.Lock()
	if l := s.loads[key]; l != nil {
		l.joinLocked()
		s.mu.Unlock()
		v, _, err = s.follow(ctx, key, l)
		return v, false, err
	}
	l := s.beginLocked(ctx, key, detached)
	s.mu.Unlock()
	if detached {
		s.launch(key, l, fn)
		return s.await(ctx, key, l)
	}
	v, err = s.run(l.id, key, l, fn).deliver()
	return v, true, err
}

// Forget makes the next caller of Do with key start a new load. Those who wait
// for the present one, if there is one, go on doing so.
func (s *SingleFlight[K, V]) Forget(key K) {
	mustEqualItself(key)
	s.mu.Lock()
	s.removeLocked(key, s.loads[key])
	s.mu.Unlock()
}

// mustEqualItself also panics, before a lock is held, where the dynamic type of
// key cannot be compared, or hashed.
func mustEqualItself[K comparable](key K) {
	if same := key; key != same {
		panic("syncx: a key of SingleFlight does not equal itself, as NaN does not")
	}
}

func (s *SingleFlight[K, V]) beginLocked(ctx context.Context, key K, detached bool) *load[V] {
	l := s.spare.takeLocked()
	l.id = s.ids.newLocked(ctx)
	l.waiters = 1
	if detached {
		l.done = make(chan struct{})
	}
	if s.loads == nil {
		s.loads = make(map[K]*load[V])
	}
	s.loads[key] = l
	s.large = s.large || len(s.loads) > largeMap
	return l
}

// removeLocked frees key, unless a later load has it by now.
func (s *SingleFlight[K, V]) removeLocked(key K, l *load[V]) {
	if s.loads[key] != l {
		return
	}
	delete(s.loads, key)
	// A map keeps the room for all it ever held.
	if s.large && len(s.loads) == 0 {
		s.loads, s.large = nil, false
	}
}

// launch starts a load that its first caller can leave.
func (s *SingleFlight[K, V]) launch(key K, l *load[V], fn func(context.Context) (V, error)) {
	var ctx context.Context
	ctx, l.cancel = context.WithCancelCause(l.id)
	go func() {
		defer l.cancel(nil)
		s.run(ctx, key, l, fn)
	}()
}

// run calls fn and hands what becomes of it to those who wait. It does not
// return if fn calls Goexit.
func (s *SingleFlight[K, V]) run(ctx context.Context, key K, l *load[V], fn func(context.Context) (V, error)) (r result[V]) {
	r.exited = true // what it is if fn neither returns nor panics
	defer func() {
		if r.exited {
			if v := recover(); v != nil {
				r.exited, r.panicked = false, weir.CaughtPanic(v)
			}
		}
		if abandoned := s.end(key, l, &r); abandoned && r.panicked != nil {
			s.report(r.panicked)
		}
	}()
	r.value, r.err = fn(ctx)
	r.exited = false
	return r
}

// end takes the load out of the books, and reports whether nobody waits for it.
func (s *SingleFlight[K, V]) end(key K, l *load[V], r *result[V]) (abandoned bool) {
	s.mu.Lock()
	s.removeLocked(key, l)
	if l.done == nil {
		// Nobody ever joined, and nobody will find it any more.
		s.spare.putLocked(l)
		s.mu.Unlock()
		return false
	}
	l.result, l.ended = *r, true
	abandoned = l.waiters == 0
	s.mu.Unlock()
	close(l.done)
	return abandoned
}

func (s *SingleFlight[K, V]) report(p *weir.Panic) {
	if s.OnPanic != nil {
		s.OnPanic(p)
		return
	}
	panics.Log("syncx: panic in a load that nobody waits for any more", p.Value, p.Stack)
}

// follow waits for the load of another caller, which l has been joined to.
func (s *SingleFlight[K, V]) follow(ctx context.Context, key K, l *load[V]) (v V, ok bool, err error) {
	// The values of ctx are user code, hence looked at without the lock. Meanwhile
	// the load may have ended: then there is nothing to wait for.
	if within(ctx, l.id) && s.leave(ctx, key, l) {
		return v, false, ErrRecursive
	}
	return s.await(ctx, key, l)
}

// await returns the result of the load, or not ok and the error of ctx.
func (s *SingleFlight[K, V]) await(ctx context.Context, key K, l *load[V]) (v V, ok bool, err error) {
	select {
	case <-l.done:
	case <-ctx.Done():
		if s.leave(ctx, key, l) {
			return v, false, ctxerr.Err(ctx)
		}
	}
	v, err = l.result.deliver()
	return v, true, err
}

// leave takes the caller off those who wait, and ends the load with the last
// one. It is false if the load has ended before: then its result counts, lest a
// panic reach nobody.
func (s *SingleFlight[K, V]) leave(ctx context.Context, key K, l *load[V]) bool {
	s.mu.Lock()
	if l.ended {
		s.mu.Unlock()
		return false
	}
	l.waiters--
	last := l.waiters == 0
	if last {
		s.removeLocked(key, l)
	}
	s.mu.Unlock()
	if last {
		l.cancel(context.Cause(ctx))
	}
	return true
}
