package syncx_test

import (
	"context"
	"strconv"
	"testing"

	"golang.org/x/sync/singleflight"

	"github.com/weirgo/weir/syncx"
)

// Uncontended: one goroutine, and nobody else asks. x/sync is the peer.
func BenchmarkSingleFlight(b *testing.B) {
	ctx := context.Background()
	b.Run("weir", func(b *testing.B) {
		var s syncx.SingleFlight[string, int]
		fn := func(context.Context) (int, error) { return 1, nil }
		b.ReportAllocs()
		for b.Loop() {
			_, _ = s.Do(ctx, "key", fn)
		}
	})
	b.Run("xsync", func(b *testing.B) {
		var g singleflight.Group
		fn := func() (any, error) { return 1, nil }
		b.ReportAllocs()
		for b.Loop() {
			_, _, _ = g.Do("key", fn)
		}
	})
}

// Every goroutine loads keys of its own: what they share is the lock.
func BenchmarkSingleFlightOfManyKeys(b *testing.B) {
	ctx := context.Background()
	b.Run("weir", func(b *testing.B) {
		var s syncx.SingleFlight[string, int]
		fn := func(context.Context) (int, error) { return 1, nil }
		b.ReportAllocs()
		eachOwnKeys(b, func(key string) { _, _ = s.Do(ctx, key, fn) })
	})
	b.Run("xsync", func(b *testing.B) {
		var g singleflight.Group
		fn := func() (any, error) { return 1, nil }
		b.ReportAllocs()
		eachOwnKeys(b, func(key string) { _, _, _ = g.Do(key, fn) })
	})
}

func eachOwnKeys(b *testing.B, do func(key string)) {
	workers := make(chan int, 1)
	workers <- 0
	b.RunParallel(func(pb *testing.PB) {
		w := <-workers
		workers <- w + 1
		var keys [64]string
		for i := range keys {
			keys[i] = strconv.Itoa(w*len(keys) + i)
		}
		for i := 0; pb.Next(); i++ {
			do(keys[i%len(keys)])
		}
	})
}

// With a context that can be done, a load has a goroutine: the peer's DoChan.
func BenchmarkSingleFlightThatCanBeLeft(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.Run("weir", func(b *testing.B) {
		var s syncx.SingleFlight[string, int]
		fn := func(context.Context) (int, error) { return 1, nil }
		b.ReportAllocs()
		for b.Loop() {
			_, _ = s.Do(ctx, "key", fn)
		}
	})
	b.Run("xsync", func(b *testing.B) {
		var g singleflight.Group
		fn := func() (any, error) { return 1, nil }
		b.ReportAllocs()
		for b.Loop() {
			select {
			case <-g.DoChan("key", fn):
			case <-ctx.Done():
			}
		}
	})
}
