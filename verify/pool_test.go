package verify_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/weirgo/weir/syncx"
)

var errCreate = errors.New("cannot create")

// A resource knows which call is about to end it: that is how an item that is
// put back is told from one that is destroyed because too many are idle.
type resource struct {
	id     byte
	holder int64        // the time at which the last call that gives it back began
	ended  atomic.Int64 // the holder at the time at which it was destroyed
}

// A store makes resources, and counts those that there are.
type store struct {
	*history
	maxOpen, maxIdle int
	pool             *syncx.Pool[*resource]
	made, open       atomic.Int32
}

func newStore(h *history) *store {
	s := &store{history: h, maxOpen: 1 + h.rng.IntN(3)}
	s.maxIdle = 1 + h.rng.IntN(s.maxOpen)
	s.pool = syncx.NewPool(syncx.PoolOptions[*resource]{
		MaxOpen: s.maxOpen, MaxIdle: s.maxIdle, Create: s.create, Destroy: s.destroy,
	})
	return s
}

// An order is what a Get wants of Create, and what it has got from it.
type order struct {
	call  int64
	fails bool
	takes int
	made  *resource
}

type orderKey struct{}

func (s *store) create(ctx context.Context) (*resource, error) {
	o := ctx.Value(orderKey{}).(*order)
	if n := s.open.Add(1); int(n) > s.maxOpen {
		s.fault("%d resources where there may be %d", n, s.maxOpen)
	}
	yield(o.takes)
	if o.fails {
		s.open.Add(-1)
		return nil, errCreate
	}
	o.made = &resource{id: byte(s.made.Add(1)), holder: o.call}
	return o.made, nil
}

func (s *store) destroy(r *resource) {
	if !r.ended.CompareAndSwap(0, r.holder) {
		s.fault("resource %d was destroyed twice", r.id)
	}
	yield(int(r.id) % 3)
	s.open.Add(-1)
}

// A tenant is a client of the pool with at most one item: with two it could wait
// for itself.
type tenant struct {
	*client
	store *store
	item  syncx.Item[*resource]
	has   bool
}

func (t *tenant) act() {
	switch choice := t.rng.IntN(8); {
	case choice == 0:
		do(t.client, poolStep{call: "Idle"}, func() poolResult { return poolResult{n: t.store.pool.Stats().Idle} })
	case t.has && choice < 3:
		t.discard()
	case t.has:
		t.put()
	case choice < 3:
		t.tryGet()
	default:
		ctx, cancel := t.patience()
		defer cancel()
		t.get(ctx)
	}
}

func (t *tenant) tryGet() {
	out := do(t.client, poolStep{call: "TryGet"}, func() (out poolResult) {
		if t.item, t.has = t.store.pool.TryGet(); t.has {
			out.id = t.item.Value.id
		}
		return out
	})
	t.has = out.id != 0
}

func (t *tenant) get(ctx context.Context) {
	o := &order{call: t.now(), fails: t.oneIn(8), takes: t.rng.IntN(4)}
	item, err := t.store.pool.Get(context.WithValue(ctx, orderKey{}, o))
	end := t.now()
	step := poolStep{client: t.id}
	record := func(call string, id byte) {
		step.call = call
		t.record(t.id, step, o.call, poolResult{id: id}, end)
	}
	switch {
	case err == nil:
		t.item, t.has = item, true
		if o.made == item.Value {
			record("Get creates", item.Value.id)
		} else {
			record("Get", item.Value.id)
		}
	case errors.Is(err, errCreate) && o.fails: // a place was taken, and nobody could see it
	case !gaveUp(err):
		t.fault("Get returned %v", err)
	case o.made == nil:
		record("Get gave up: gets", 0)
		record("Get gave up: passes on", 0)
	case o.made.ended.Load() == o.call:
		record("Get gave up: is one too many", o.made.id)
	default:
		record("Get gave up: leaves", o.made.id)
	}
}

func (t *tenant) put() {
	r := t.item.Value
	begin := t.now()
	r.holder = begin
	t.store.pool.Put(t.item)
	end := t.now()
	call := "Put"
	if r.ended.Load() == begin {
		call = "Put ends"
	}
	t.record(t.id, poolStep{call: call}, begin, poolResult{id: r.id}, end)
	t.has = false
}

func (t *tenant) discard() {
	r := t.item.Value
	do(t.client, poolStep{call: "Discard"}, func() poolResult {
		r.holder = t.now()
		t.store.pool.Discard(t.item)
		return poolResult{id: r.id}
	})
	if r.ended.Load() == 0 {
		t.fault("resource %d outlives its Discard", r.id)
	}
	t.has = false
}

func TestAPoolLendsEachResourceToOneAtATimeAndTheLastOneFirst(t *testing.T) {
	verify(t, func(h *history) porcupine.Model {
		s := newStore(h)
		h.together(tenants, func(c *client) {
			t := tenant{client: c, store: s}
			for range 12 {
				t.act()
				c.pause()
			}
			if t.has {
				t.put()
			}
		})
		// What was lost on the way is missed now.
		for last := (tenant{client: h.client(tenants), store: s}); ; last.discard() {
			if last.tryGet(); !last.has {
				break
			}
		}
		if n := s.open.Load(); n != 0 {
			h.fault("%d resources are neither idle nor lent", n)
		}
		if err := s.pool.Close(h.ctx); err != nil {
			h.fault("Close returned %v", err)
		}
		return poolModel(s.maxOpen, s.maxIdle)
	})
}
