package limit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

const (
	defaultTimeout = 50 * time.Millisecond
	// A stand-in lives on after an outage for as long as a used-up share takes to come
	// back, within these bounds, so that a store that comes and goes does not get a
	// full one each time.
	keptLeast = time.Minute
	keptMost  = time.Hour
)

var errLate = errors.New("limit: the store answered after the timeout")

// A door is what a limiter asks instead of its store: the store, or while that
// does not answer, a stand-in. All calls of a door have the same buckets, or the
// same window.
type door struct {
	prefix   string // of the keys in the store
	opts     doorOptions
	kept     time.Duration // see keptLeast
	gates    gates
	degraded atomic.Uint64

	mu    sync.Mutex              // for making and dropping the stand-in
	local atomic.Pointer[standIn] // nil while nobody needs it
	used  atomic.Int64            // when it was last needed, by the gates' clock
}

type doorOptions struct {
	store      Store
	timeout    time.Duration // 0 means the default, negative none
	fallback   Fallback
	replicas   int // 0 means 1
	onDegraded func(degraded bool, err error)
	refill     time.Duration // how long what is used up takes to come back
}

func newDoor(prefix string, o doorOptions) *door {
	if o.timeout == 0 {
		o.timeout = defaultTimeout
	}
	o.replicas = max(1, o.replicas)
	d := &door{prefix: prefix, opts: o, kept: min(max(o.refill, keptLeast), keptMost)}
	d.gates.init(prefix, o)
	return d
}

// tokens is [Store.TakeTokens], with a word on whether a stand-in answered. An
// error is that of ctx.
func (d *door) tokens(ctx context.Context, key string, n int, within time.Duration, buckets []Bucket) (Taken, bool, error) {
	return d.take(ctx, &request{key: key, n: n, within: within, buckets: buckets})
}

// window is the same for [Store.TakeWindow].
func (d *door) window(ctx context.Context, key string, n int, w Window) (Taken, bool, error) {
	return d.take(ctx, &request{key: key, n: n, window: w})
}

func (d *door) take(ctx context.Context, r *request) (Taken, bool, error) {
	t, ok, err := d.ask(ctx, r)
	if ok || err != nil {
		return t, false, err
	}
	return d.standIn(r), true, nil
}

// ask asks the store, unless the gate of the key is open, and reports whether it answered.
// An error is that of ctx.
func (d *door) ask(ctx context.Context, r *request) (t Taken, answered bool, err error) {
	g := d.gates.gate(r.key)
	p, ok := g.enter()
	if !ok {
		return Taken{}, false, nil
	}
	ended := false
	defer func() {
		if !ended {
			g.failed(p, errGoexit)
		}
	}()
	t, late, err := d.askInTime(ctx, r)
	ended = true
	switch {
	case err == nil && late: // use the answer, but spare others the wait
		g.failed(p, errLate)
	case err == nil:
		g.worked(p)
		d.forget(p.start)
	case ctx.Err() != nil:
		g.abandoned(p, ctx.Err() == context.DeadlineExceeded, err)
		return Taken{}, false, ctxerr.Err(ctx)
	default:
		g.failed(p, err)
		return Taken{}, false, nil
	}
	return t, true, nil
}

// askInTime also reports whether the timeout had passed when the store returned.
func (d *door) askInTime(ctx context.Context, r *request) (t Taken, late bool, err error) {
	bounded := ctx
	if d.opts.timeout > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, d.opts.timeout)
		defer cancel()
	}
	t, err = r.ask(bounded, d.opts.store, d.prefix)
	return t, bounded.Err() != nil && ctx.Err() == nil, err
}

// standIn answers in place of the store.
func (d *door) standIn(r *request) Taken {
	d.degraded.Add(1)
	switch {
	case r.n < 0: // the stand-in has not given it out
		return r.returned()
	case d.opts.fallback == FallbackOpen:
		return r.allowed()
	case d.opts.fallback == FallbackClosed:
		return r.refused(d.gates.gate(r.key).untilProbe())
	}
	t := d.share(r).take(r)
	if t.Wait < 0 && r.n <= r.most() { // too much for the share, not for the store
		t.Wait = d.gates.gate(r.key).untilProbe()
	}
	return t
}

// share returns the stand-in with this process's share of the limits.
func (d *door) share(r *request) *standIn {
	now := d.gates.now()
	if local := d.local.Load(); local != nil {
		d.touch(now)
		return local
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	local := d.local.Load()
	if local == nil {
		local = newStandIn(r, d.opts.replicas)
		d.used.Store(now)
		d.local.Store(local)
	}
	return local
}

// touch keeps the stand-in from being forgotten. A word that all write is not
// written more often than it must be.
func (d *door) touch(now int64) {
	if now-d.used.Load() > int64(d.kept)/64 {
		d.used.Store(now)
	}
}

// forget drops the stand-in if nobody has needed it for long.
func (d *door) forget(now int64) {
	if d.local.Load() == nil || now-d.used.Load() < int64(d.kept) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.local.Store(nil)
}

// doorStats is what a door knows of its store.
type doorStats struct {
	failures uint64    // calls that the store did not answer
	degraded uint64    // decisions that a stand-in made
	lastErr  error     // of the store, nil if there was none
	since    time.Time // of the outage, of whichever part; zero if there is none
}

func (d *door) stats() doorStats {
	st := doorStats{degraded: d.degraded.Load()}
	d.gates.stats(&st)
	return st
}
