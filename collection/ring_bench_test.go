package collection_test

import (
	"container/ring"
	"sync"
	"testing"

	"github.com/weirgo/weir/collection"
)

// The standard library's ring, with a lock, is what one would take instead.
func BenchmarkRingAdd(b *testing.B) {
	b.Run("weir", func(b *testing.B) {
		r := collection.NewRing[int](1000)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r.Add(i)
		}
	})
	b.Run("container", func(b *testing.B) {
		var mu sync.Mutex
		r := ring.New(1000)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			mu.Lock()
			r.Value = i
			r = r.Next()
			mu.Unlock()
		}
	})
}
