package limit_test

import (
	"context"
	"testing"

	"golang.org/x/sync/semaphore"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func BenchmarkConcurrency(b *testing.B) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 100})
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, err := l.Allow(ctx)
			if err != nil {
				b.Fatal(err)
			}
			p.Done(weir.Success)
		}
	})
}
func BenchmarkSemaphore(b *testing.B) {
	l := semaphore.NewWeighted(100)
	ctx := context.Background()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := l.Acquire(ctx, 1); err != nil {
				b.Fatal(err)
			}
			l.Release(1)
		}
	})
}
