package syncx_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/weirgo/weir/syncx"
)

type loan struct {
	name string
	once func()
}

// loans are the ways to borrow one of n tools and to give it back: a Pool, and,
// as the floor, a buffered channel, which knows neither expiry nor creation, and
// a sync.Pool, which knows no bound either.
func loans(n int) []loan {
	ctx := context.Background()
	lend := func(o syncx.PoolOptions[*tool]) func() {
		o.MaxOpen = n
		o.Create = func(context.Context) (*tool, error) { return new(tool), nil }
		p := syncx.NewPool(o)
		return func() {
			if it, err := p.Get(ctx); err == nil {
				p.Put(it)
			}
		}
	}
	tools := make(chan *tool, n)
	for range n {
		tools <- new(tool)
	}
	unbounded := sync.Pool{New: func() any { return new(tool) }}
	return []loan{
		{"weir", lend(syncx.PoolOptions[*tool]{})},
		{"weirExpires", lend(syncx.PoolOptions[*tool]{MaxIdleTime: time.Hour, MaxLifetime: 2 * time.Hour})},
		{"chan", func() { tools <- <-tools }},
		{"syncPool", func() { unbounded.Put(unbounded.Get()) }},
	}
}

func BenchmarkPool(b *testing.B)          { benchmarkEach(b, 1, loans(64)) }
func BenchmarkPoolContended(b *testing.B) { benchmarkEach(b, 64, loans(4)) }
