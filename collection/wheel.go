package collection

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/weirgo/weir"
)

// A TimingWheel calls a function for each key when its delay has passed, unless
// the key was removed, or its delay changed, before: sessions that expire, calls
// that time out, retries by key. For timers without keys, [Timers] cost less.
//
// It fires never early, and late by at most one tick and what the scheduler
// takes. A delay of zero or less is due at once: it fires without waiting for a
// tick, but never in the goroutine that set it. Delays may be as long as a
// Duration can be. Each Set fires at most once. A key is pending from its Set
// until its callback is about to start, and exactly one of these ends that: the
// callback, a Remove that returns true, a Drain. From then on a Set of the same
// key is a new entry, also while the callback runs. What is due at the same tick
// starts in the order of the Sets, unless keys were moved, as far as callbacks
// that run side by side have an order.
//
// It is made by [NewTimingWheel]; the zero value does not work. It is safe for
// concurrent use, must not be copied, and must not be shared between a synctest
// bubble and the outside. Callbacks may call any method. There is no goroutine
// while nothing is due, no runtime timer while nothing is pending, and otherwise
// one, set for when something has to be done; a wheel that is empty can be
// dropped without Close. Keys and values are let go of as soon as they are
// pending no more.
//
// Set, Move and Remove take a lock that nobody holds for longer than some 20 µs,
// a clock read, and a map access; only a Set of a new key allocates. To move a
// key to later is the cheapest. There are up to 16 such locks, as many as eight for
// each processor that the program had when the wheel was made, each with a share of
// the keys; Drain, Len, Stats and Close take all of them. An entry of 8 bytes each
// for key and value takes about 90 bytes, and the wheel itself about 10 kB, or 50 kB
// once each lock has some keys.
//
// The algorithm is the hierarchical timing wheel of Varghese and Lauck (Hashed
// and Hierarchical Timing Wheels, SOSP 1987), with a bitmap for each level.
type TimingWheel[K comparable, V any] struct {
	seed  maphash.Seed
	keys  []keyIndex[K, V] // of what is pending; guarded by the locks of the shards
	clock clockwork[keyed[K, V]]
}

// NewTimingWheel returns an empty wheel. It panics if o is impossible; see
// Validate.
func NewTimingWheel[K comparable, V any](o WheelOptions[K, V]) *TimingWheel[K, V] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	w := &TimingWheel[K, V]{}
	w.clock.init(drivenBy(clockworkOptions[keyed[K, V]]{
		name:    o.Name,
		workers: o.Workers,
		act:     func(p *pending[keyed[K, V]]) { o.OnFire(p.item.key, p.item.value) },
		hash:    func(p *pending[keyed[K, V]]) uint32 { return p.item.hash },
		turn:    func(p *pending[keyed[K, V]]) uint32 { return p.item.turn },
		renew:   func(p *pending[keyed[K, V]], turn uint32) { p.item.turn = turn },
		forget:  func(p *pending[keyed[K, V]]) { w.keys[w.clock.number(p.item.hash)].remove(p) },
		onPanic: o.OnPanic,
	}, o.Tick))
	w.keys = make([]keyIndex[K, V], len(w.clock.shards))
	w.seed = maphash.MakeSeed()
	return w
}

// Set makes key pending with value v, to fire after d. If it is pending already,
// both its value and its delay are replaced. It returns [ErrClosed] after Close
// and [ErrKey] for a key that is not equal to itself, and panics as a map does if
// K is an interface and key is of a type that cannot be compared.
func (w *TimingWheel[K, V]) Set(key K, v V, d time.Duration) error {
	if !findable(key) {
		return ErrKey
	}
	now := w.clock.elapsed()
	s, keys, hash := w.lock(key)
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if p := keys.find(key, hash); p != nil {
		p.item.value = v
		w.clock.postpone(s, p, now, d)
		return nil
	}
	p := &pending[keyed[K, V]]{item: keyed[K, V]{key: key, value: v, hash: hash}}
	keys.insert(p)
	w.clock.add(s, p, now, d)
	return nil
}

// Move lets key fire after d from now instead, with the value that it has. It
// returns false, and does nothing, if key is not pending. After Close it changes
// what Drain will say.
func (w *TimingWheel[K, V]) Move(key K, d time.Duration) bool {
	if !findable(key) {
		return false
	}
	now := w.clock.elapsed()
	s, keys, hash := w.lock(key)
	defer s.mu.Unlock()
	p := keys.find(key, hash)
	if p == nil {
		return false
	}
	w.clock.move(s, p, now, d)
	return true
}

// Remove ends that key is pending: it will not fire. It returns the value, and
// false if key was not pending.
func (w *TimingWheel[K, V]) Remove(key K) (v V, ok bool) {
	if !findable(key) {
		return v, false
	}
	s, keys, hash := w.lock(key)
	defer s.mu.Unlock()
	p := keys.find(key, hash)
	if p == nil {
		return v, false
	}
	w.clock.abandon(s, p)
	s.removed++
	v = p.item.value
	p.item = keyed[K, V]{}
	return v, true
}

// lock returns the shard of a key, locked, its index, and the key's hash.
func (w *TimingWheel[K, V]) lock(key K) (*shard[keyed[K, V]], *keyIndex[K, V], uint32) {
	hash := hashOf(w.seed, key)
	i := w.clock.number(hash)
	s := &w.clock.shards[i]
	s.mu.Lock()
	return s, &w.keys[i], hash
}

// findable reports whether key can be found again. Where a key cannot be hashed,
// it cannot be compared either: this panics then, before anything is locked.
func findable[K comparable](key K) bool { return key == key }

// Drain hands all that is pending when it is called to fn, one after another in
// the caller's goroutine, and returns how many. None of it fires any more.
// remaining is how long it was until the entry would have fired, 0 if it was due.
//
// fn may take its time, and may call any method. An entry is pending until it is
// handed out: a Remove of its key before that wins, and a Set or Move of it, or
// of a new key, puts the entry into the wheel, where it stays. If ctx ends, or fn
// panics, what has not been handed out goes back into the wheel; Drain then
// returns the error of ctx, or the panic goes on. There is no particular order.
//
// After Close, Drain hands out what had not fired.
func (w *TimingWheel[K, V]) Drain(ctx context.Context, fn func(key K, v V, remaining time.Duration)) (int, error) {
	if fn == nil {
		panic("collection: TimingWheel.Drain needs a function")
	}
	return w.clock.drain(ctx, func(p *pending[keyed[K, V]], remaining time.Duration) {
		fn(p.item.key, p.item.value, remaining)
	})
}

// Len returns how many keys are pending.
func (w *TimingWheel[K, V]) Len() int { return w.clock.size() }

// Stats returns a snapshot.
func (w *TimingWheel[K, V]) Stats() TimedStats { return w.clock.stats() }

// Metrics implements [weir.Source].
func (w *TimingWheel[K, V]) Metrics(yield func(weir.Metric) bool) {
	w.clock.metrics("weir_wheel_", yield)
}

// Close stops all firing, also of what is due, and waits for the callbacks that
// run. What is pending stays so, for Drain and Remove. Close returns the error of
// ctx if that ends before the callbacks do; it can be called again, to wait on.
//
// In a callback, Close does not wait for that callback itself, nor for those that
// are waiting in Close; so it must not be left to a goroutine for which the
// callback waits.
func (w *TimingWheel[K, V]) Close(ctx context.Context) error { return w.clock.close(ctx) }
