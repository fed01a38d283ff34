package executors_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/weirgo/weir/executors"
)

// byHand is what one writes without this package: a slice under a lock, and a
// goroutine for each full one.
type byHand struct {
	mu    sync.Mutex
	items []int
	all   sync.WaitGroup
}

func (h *byHand) add(v int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.items = append(h.items, v)
	if len(h.items) == 1000 {
		batch := h.items
		h.items = nil
		h.all.Go(func() { _ = nothing(context.Background(), batch) })
	}
}

func BenchmarkAdd(b *testing.B) {
	ctx := background()
	b.Run("bulk", func(b *testing.B) {
		bulk := executors.NewBulk(executors.BulkOptions[int]{Handle: nothing})
		perItem(b, func(i int) { _ = bulk.Add(ctx, i) })
		_ = bulk.Close(ctx)
	})
	b.Run("chunk", func(b *testing.B) {
		chunk := executors.NewChunk(executors.ChunkOptions[int]{Bytes: 8000, SizeOf: func(int) int { return 8 }, Handle: nothing})
		perItem(b, func(i int) { _ = chunk.Add(ctx, i) })
		_ = chunk.Close(ctx)
	})
	b.Run("periodical", func(b *testing.B) {
		periodical := executors.NewPeriodical(executors.PeriodicalOptions[int, []int]{Container: &heap{size: 1000}, Handle: nothing})
		perItem(b, func(i int) { _ = periodical.Add(ctx, i) })
		_ = periodical.Close(ctx)
	})
	b.Run("by hand", func(b *testing.B) {
		var h byHand
		perItem(b, h.add)
		h.all.Wait()
	})
	b.Run("channel", func(b *testing.B) {
		items, done := make(chan int, 10_000), make(chan struct{})
		go func() {
			defer close(done)
			for range items {
			}
		}()
		perItem(b, func(i int) { items <- i })
		close(items)
		<-done
	})
}

func perItem(b *testing.B, add func(int)) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			add(i)
		}
	})
}

func BenchmarkBatchOfOne(b *testing.B) {
	bulk := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Handle: nothing})
	perItem(b, func(i int) { _ = bulk.Add(background(), i) })
	_ = bulk.Close(background())
}

func BenchmarkFlushOfNothing(b *testing.B) {
	bulk := executors.NewBulk(executors.BulkOptions[int]{Handle: nothing})
	b.ReportAllocs()
	for b.Loop() {
		_ = bulk.Flush(background())
	}
}

func BenchmarkLess(b *testing.B) {
	l, fn := executors.NewLess(time.Hour), func() {}
	perItem(b, func(int) { l.Do(fn) })
}

func BenchmarkTrigger(b *testing.B) {
	d := executors.NewDelay(executors.DelayOptions{Do: func(context.Context) {}})
	perItem(b, func(int) { _ = d.Trigger() })
	_ = d.Close(background())
}
