package concurrency

import (
	"context"
	"sync"

	"github.com/jackc/puddle/v2"
	gozero "github.com/zeromicro/go-zero/core/syncx"

	"github.com/weirgo/weir/syncx"
)

// A lender makes a pool of n tools, and returns a loan: take one, use it, give it
// back.
type lender func(n int, create func() *tool, meanwhile func()) (once func() bool)

func newWeirPool(n int, create func() *tool, meanwhile func()) func() bool {
	ctx := context.Background()
	p := syncx.NewPool(syncx.PoolOptions[*tool]{
		MaxOpen: n,
		Create:  func(context.Context) (*tool, error) { return create(), nil },
	})
	return func() bool {
		item, err := p.Get(ctx)
		if err != nil {
			return false
		}
		ok := item.Value.use(meanwhile)
		p.Put(item)
		return ok
	}
}

func newGozeroPool(n int, create func() *tool, meanwhile func()) func() bool {
	p := gozero.NewPool(n, func() any { return create() }, func(any) {})
	return func() bool {
		t, _ := p.Get().(*tool)
		ok := t.use(meanwhile)
		p.Put(t)
		return ok
	}
}

func newPuddle(n int, create func() *tool, meanwhile func()) func() bool {
	ctx := context.Background()
	p, err := puddle.NewPool(&puddle.Config[*tool]{
		MaxSize:     int32(n),
		Constructor: func(context.Context) (*tool, error) { return create(), nil },
		Destructor:  func(*tool) {},
	})
	if err != nil {
		return func() bool { return false }
	}
	return func() bool {
		r, err := p.Acquire(ctx)
		if err != nil {
			return false
		}
		ok := r.Value().use(meanwhile)
		r.Release()
		return ok
	}
}

// newChannel is the floor for what has a bound: all are made at the start.
func newChannel(n int, create func() *tool, meanwhile func()) func() bool {
	tools := make(chan *tool, n)
	for range n {
		tools <- create()
	}
	return func() bool {
		t := <-tools
		ok := t.use(meanwhile)
		tools <- t
		return ok
	}
}

func newSyncPool(_ int, create func() *tool, meanwhile func()) func() bool {
	p := sync.Pool{New: func() any { return create() }}
	return func() bool {
		t, _ := p.Get().(*tool)
		ok := t.use(meanwhile)
		p.Put(t)
		return ok
	}
}
