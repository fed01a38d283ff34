package syncx_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sync/semaphore"

	"github.com/weirgo/weir/syncx"
)

// benchmarkEach runs each function on several goroutines at once.
func benchmarkEach(b *testing.B, goroutines int, ways []loan) {
	for _, w := range ways {
		b.Run(w.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(max(1, goroutines/runtime.GOMAXPROCS(0)))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					w.once()
				}
			})
		})
	}
}

func permits(n int) []loan {
	ctx := context.Background()
	limit, weighted, tokens := syncx.NewLimit(n), semaphore.NewWeighted(int64(n)), make(chan struct{}, n)
	return []loan{
		{"weir", func() { _ = limit.Borrow(ctx); _ = limit.Return() }},
		{"xsync", func() { _ = weighted.Acquire(ctx, 1); weighted.Release(1) }},
		{"chan", func() { tokens <- struct{}{}; <-tokens }},
	}
}

func BenchmarkLimit(b *testing.B)          { benchmarkEach(b, 1, permits(64)) }
func BenchmarkLimitContended(b *testing.B) { benchmarkEach(b, 64, permits(4)) }

func BenchmarkLockedCalls(b *testing.B) {
	ctx := context.Background()
	var byKey syncx.LockedCalls[string]
	var mu sync.Mutex
	fn := func(context.Context) error { return nil }
	benchmarkEach(b, 1, []loan{
		{"weir", func() { _ = byKey.Do(ctx, "key", fn) }},
		{"mutex", func() { mu.Lock(); _ = fn(ctx); mu.Unlock() }},
	})
}

func BenchmarkSpinLock(b *testing.B) {
	var spin syncx.SpinLock
	var mu sync.Mutex
	count := 0
	benchmarkEach(b, 1, []loan{
		{"weir", func() { spin.Lock(); count++; spin.Unlock() }},
		{"mutex", func() { mu.Lock(); count++; mu.Unlock() }},
	})
}
