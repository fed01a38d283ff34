package cache_test

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/weirgo/weir/cache"
)

// The peer is what the cache stands on, with the same bound and TTL: what Weir
// adds may cost a quarter of it.

const benchKeys = 100_000

var keys = sync.OnceValue(func() []string {
	all := make([]string, benchKeys)
	for i := range all {
		all[i] = "user:" + strconv.Itoa(i)
	}
	return all
})

func bare[V any](size int) *otter.Cache[string, V] {
	return otter.Must(&otter.Options[string, V]{
		MaximumSize: size, ExpiryCalculator: otter.ExpiryWriting[string, V](10 * time.Minute),
	})
}

func weirs[V any](size int) *cache.Cache[string, V] {
	return cache.New(cache.Options[string, V]{MaxEntries: size, TTL: 10 * time.Minute})
}

func each(b *testing.B, do func(key string)) {
	ks := keys()
	var seed atomic.Uint64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		rng := rand.New(rand.NewPCG(seed.Add(1), 0))
		for pb.Next() {
			do(ks[rng.IntN(benchKeys)])
		}
	})
}

func benchKind[V any](b *testing.B, v V) {
	ks := keys()
	b.Run("get/otter", func(b *testing.B) {
		c := bare[V](2 * benchKeys)
		b.Cleanup(func() { c.StopAllGoroutines() })
		for _, k := range ks {
			c.Set(k, v)
		}
		each(b, func(k string) { c.GetIfPresent(k) })
	})
	b.Run("get/weir", func(b *testing.B) {
		c := weirs[V](2 * benchKeys)
		b.Cleanup(func() { _ = c.Close(ctx) })
		for _, k := range ks {
			c.Set(k, v)
		}
		each(b, func(k string) { c.Get(k) })
	})
	b.Run("update/otter", func(b *testing.B) {
		c := bare[V](2 * benchKeys)
		b.Cleanup(func() { c.StopAllGoroutines() })
		for range 2 {
			for _, k := range ks {
				c.Set(k, v)
			}
		}
		each(b, func(k string) { c.Set(k, v) })
	})
	b.Run("update/weir", func(b *testing.B) {
		c := weirs[V](2 * benchKeys)
		b.Cleanup(func() { _ = c.Close(ctx) })
		for range 2 {
			for _, k := range ks {
				c.Set(k, v)
			}
		}
		each(b, func(k string) { c.Set(k, v) })
	})
}

func BenchmarkInt(b *testing.B)     { benchKind(b, 7) }
func BenchmarkString(b *testing.B)  { benchKind(b, "value") }
func BenchmarkPointer(b *testing.B) { benchKind(b, new([64]byte)) }

// Hit ratios, on the trace of TestScanDoesNotFlushWhatIsInUse.
func BenchmarkHitRatio(b *testing.B) {
	const n = 1_000_000
	ratio := func(b *testing.B, get func(string) bool, set func(string)) {
		hits, all := 0, 0
		for b.Loop() {
			zipfian(n, func(key int) {
				k := strconv.Itoa(key)
				all++
				if get(k) {
					hits++
				} else {
					set(k)
				}
			})
		}
		b.ReportMetric(100*float64(hits)/float64(all), "hit-%")
	}
	b.Run("otter", func(b *testing.B) {
		c := bare[int](10_000)
		b.Cleanup(func() { c.StopAllGoroutines() })
		ratio(b, func(k string) bool { _, ok := c.GetIfPresent(k); return ok }, func(k string) { c.Set(k, 1) })
	})
	b.Run("weir", func(b *testing.B) {
		c := weirs[int](10_000)
		b.Cleanup(func() { _ = c.Close(ctx) })
		ratio(b, func(k string) bool { _, ok := c.Get(k); return ok }, func(k string) { c.Set(k, 1) })
	})
}
