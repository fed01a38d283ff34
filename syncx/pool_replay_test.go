package syncx_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// A poolReplay does the same to a Pool and to its model.
type poolReplay struct {
	t    *testing.T
	pool *syncx.Pool[int]
	m    *poolModel
	gets []*replayedGet
	lent map[int]syncx.Item[int]
	dead *graveyard
}

type replayedGet struct {
	model  *modelGet
	cancel context.CancelFunc
	done   bool
	item   syncx.Item[int]
	err    error
	seen   bool
}

// newPoolReplay reads the options from seed. Times are a few nanoseconds, of
// which a tenth is nothing: so lifetimes are not spread.
func newPoolReplay(t *testing.T, seed [4]byte) *poolReplay {
	r := &poolReplay{t: t, lent: map[int]syncx.Item[int]{}, dead: new(graveyard)}
	o := syncx.PoolOptions[int]{
		MaxOpen:     1 + int(seed[0]%4),
		MaxIdle:     int(seed[0]/4%4) - 1,
		MaxIdleTime: time.Duration(seed[1] % 9),
		MaxLifetime: time.Duration(seed[1] / 16 % 10),
	}
	fails := func(attempt int) bool { return seed[2]>>(attempt%8)&1 == 1 }
	r.m = &poolModel{o: o, fails: fails, sick: map[int]bool{}}
	if o.MaxIdle == 0 {
		r.m.o.MaxIdle = o.MaxOpen
	}
	attempt := 0
	o.Create = func(context.Context) (int, error) {
		attempt++
		if fails(attempt) {
			return -1, errDial
		}
		return attempt, nil
	}
	o.Healthy = func(n int) bool { return !r.m.sick[n] }
	o.Destroy = func(n int) { r.dead.add(obituary{n: n}) }
	r.pool = syncx.NewPool(o)
	return r
}

// do is one step. Which item or waiter it is about depends on which.
func (r *poolReplay) do(op, which int) {
	lent := r.m.lent
	switch {
	case op < 5:
		r.get()
	case op < 9 && len(lent) > 0:
		i := which % len(lent)
		it := r.take(lent[i].n)
		r.m.put(i)
		r.pool.Put(it)
	case op == 9 && len(lent) > 0:
		i := which % len(lent)
		it := r.take(lent[i].n)
		r.m.discard(i)
		r.pool.Discard(it)
	case op == 10 && len(lent) > 0:
		r.m.sick[lent[which%len(lent)].n] = true
	case op == 11:
		want, ok := r.m.tryGet()
		it, got := r.pool.TryGet()
		require.Equal(r.t, ok, got)
		if ok {
			require.Equal(r.t, want, it.Value)
			r.lent[want] = it
		}
	case op == 12 && len(r.gets) > 0:
		g := r.gets[which%len(r.gets)]
		r.m.cancel(g.model, context.Canceled)
		g.cancel()
	case op == 13 && which%16 == 0 && !r.m.closed:
		r.m.close()
		go func() { _ = r.pool.Close(context.Background()) }()
	case op >= 14:
		d := time.Duration(which % 6)
		r.m.sleep(d)
		time.Sleep(d)
	}
	synctest.Wait()
	r.compare()
}

func (r *poolReplay) take(n int) syncx.Item[int] {
	it := r.lent[n]
	delete(r.lent, n)
	return it
}

func (r *poolReplay) get() {
	ctx, cancel := context.WithCancel(r.t.Context())
	g := &replayedGet{model: r.m.get(), cancel: cancel}
	r.gets = append(r.gets, g)
	go func() {
		g.item, g.err = r.pool.Get(ctx)
		g.done = true
	}()
}

func (r *poolReplay) compare() {
	for _, g := range r.gets {
		require.Equal(r.t, !g.model.waiting, g.done)
		if !g.done || g.seen {
			continue
		}
		g.seen = true
		require.Equal(r.t, g.model.err, g.err)
		if g.err == nil {
			require.Equal(r.t, g.model.res.n, g.item.Value)
			r.lent[g.item.Value] = g.item
		}
	}
	st := r.pool.Stats()
	st.WaitTime = 0
	require.Equal(r.t, r.m.snapshot(), st)
	var dead []int
	for _, o := range r.dead.all() {
		dead = append(dead, o.n)
	}
	require.ElementsMatch(r.t, r.m.dead, dead)
}

func replayPool(t *testing.T, ops []byte) {
	if len(ops) < 4 {
		return
	}
	synctest.Test(t, func(t *testing.T) {
		r := newPoolReplay(t, [4]byte(ops))
		for _, op := range ops[4:] {
			r.do(int(op%16), int(op/16)+len(r.gets))
		}
		for len(r.m.lent) > 0 { // in the end all who wait are served, or fail to create
			r.do(5, 0)
		}
		require.Empty(t, r.m.queue)
		require.NoError(t, r.pool.Close(t.Context()))
		synctest.Wait()
		require.Zero(t, r.pool.Stats().Open)
	})
}

func TestPoolAgreesWithItsModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 400 * stress {
		ops := make([]byte, 4+rng.IntN(100))
		for i := range ops {
			ops[i] = byte(rng.Uint32())
		}
		if rng.IntN(2) == 0 {
			ops[2] = 0 // nothing fails
		}
		replayPool(t, ops)
	}
}

func FuzzPoolAgreesWithItsModel(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 5, 12, 12, 5, 5})
	f.Add([]byte{1, 0x35, 2, 0, 0, 0, 0, 10, 5, 14, 0x5f, 0, 11, 13})
	f.Add([]byte{7, 0x94, 0, 0, 0, 0, 0, 5, 5, 0x2e, 0x5f, 0, 9, 5, 13, 5})
	f.Fuzz(func(t *testing.T, ops []byte) { replayPool(t, ops[:min(len(ops), 300)]) })
}
