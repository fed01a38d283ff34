package collection_test

import (
	"testing"
	"time"

	"github.com/weirgo/weir/collection"
)

// The shape that a breaker has by default.
const (
	benchBuckets  = 40
	benchInterval = 250 * time.Millisecond
)

// window is what both contestants can do.
type window interface {
	Add(v int64)
	Total() collection.Bucket[int64]
}

// contestants runs a benchmark on both. What to expect: from one core at a time,
// Add takes one atomic operation more than the mutex does; from two cores at once,
// and wherever anybody reads, the mutex falls behind.
func contestants(b *testing.B, run func(b *testing.B, w window)) {
	b.Run("weir", func(b *testing.B) {
		b.ReportAllocs()
		run(b, collection.NewRollingWindow[int64](benchBuckets, benchInterval))
	})
	b.Run("mutex", func(b *testing.B) {
		b.ReportAllocs()
		run(b, newMutexWindow(benchBuckets, benchInterval))
	})
}

func BenchmarkRollingWindowAdd(b *testing.B) {
	contestants(b, func(b *testing.B, w window) {
		for b.Loop() {
			w.Add(1)
		}
	})
}

func BenchmarkRollingWindowAddParallel(b *testing.B) {
	contestants(b, func(b *testing.B, w window) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				w.Add(1)
			}
		})
	})
}

func BenchmarkRollingWindowTotal(b *testing.B) {
	contestants(b, func(b *testing.B, w window) {
		w.Add(1)
		for b.Loop() {
			w.Total()
		}
	})
}

func BenchmarkRollingWindowTotalParallel(b *testing.B) {
	contestants(b, func(b *testing.B, w window) {
		w.Add(1)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				w.Total()
			}
		})
	})
}

func BenchmarkRollingWindowAddAndTotal(b *testing.B) {
	contestants(b, func(b *testing.B, w window) {
		for b.Loop() {
			w.Add(1)
			w.Total()
		}
	})
}

func BenchmarkRollingWindowAddAndTotalParallel(b *testing.B) {
	contestants(b, func(b *testing.B, w window) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				w.Add(1)
				w.Total()
			}
		})
	})
}

func BenchmarkRollingWindowBuckets(b *testing.B) {
	w := collection.NewRollingWindow[int64](benchBuckets, benchInterval)
	w.Add(1)
	b.ReportAllocs()
	for b.Loop() {
		for range w.Buckets() {
		}
	}
}
