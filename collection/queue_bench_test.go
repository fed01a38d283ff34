package collection_test

import (
	"context"
	"testing"

	"github.com/weirgo/weir/collection"
)

// A buffered channel is what one would take instead.
func BenchmarkQueuePutTake(b *testing.B) {
	ctx := context.Background()
	b.Run("weir", func(b *testing.B) {
		var q collection.Queue[int]
		b.ReportAllocs()
		for b.Loop() {
			_ = q.Put(ctx, 1)
			_, _ = q.Take(ctx)
		}
	})
	b.Run("channel", func(b *testing.B) {
		q := make(chan int, 64)
		b.ReportAllocs()
		for b.Loop() {
			putChannel(ctx, q)
			takeChannel(ctx, q)
		}
	})
}

func BenchmarkQueueBetweenGoroutines(b *testing.B) {
	ctx := context.Background()
	run := func(b *testing.B, put, take func()) {
		b.ReportAllocs()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range b.N {
				take()
			}
		}()
		for range b.N {
			put()
		}
		<-done
	}
	b.Run("weir", func(b *testing.B) {
		q := collection.NewQueue[int](collection.QueueOptions{Max: 64})
		run(b, func() { _ = q.Put(ctx, 1) }, func() { _, _ = q.Take(ctx) })
	})
	b.Run("channel", func(b *testing.B) {
		q := make(chan int, 64)
		run(b, func() { putChannel(ctx, q) }, func() { takeChannel(ctx, q) })
	})
}

func putChannel(ctx context.Context, q chan int) {
	select {
	case q <- 1:
	case <-ctx.Done():
	}
}

func takeChannel(ctx context.Context, q chan int) {
	select {
	case <-q:
	case <-ctx.Done():
	}
}
