package hash_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/hash"
)

func benchRing(b *testing.B, nodes int, load float64) *hash.Ring[string] {
	b.Helper()
	r := hash.NewRing(hash.RingOptions[string]{Load: load})
	if err := r.SetNodes(equal(nodes)); err != nil {
		b.Fatal(err)
	}
	return r
}

func sizes(b *testing.B, run func(b *testing.B, nodes int)) {
	for _, nodes := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			b.ReportAllocs()
			run(b, nodes)
		})
	}
}

var benchKeys = keys(1 << 16)

func BenchmarkGet(b *testing.B) {
	sizes(b, func(b *testing.B, nodes int) {
		r := benchRing(b, nodes, 0)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if _, ok := r.Get(benchKeys[i&(len(benchKeys)-1)]); !ok {
					b.Fatal("empty")
				}
			}
		})
	})
}

func BenchmarkAppendN3(b *testing.B) {
	sizes(b, func(b *testing.B, nodes int) {
		r := benchRing(b, nodes, 0)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			var dst []string
			for i := 0; pb.Next(); i++ {
				dst = r.AppendN(dst[:0], benchKeys[i&(len(benchKeys)-1)], 3)
			}
		})
	})
}

func BenchmarkAcquire(b *testing.B) {
	sizes(b, func(b *testing.B, nodes int) {
		r := benchRing(b, nodes, 1.25)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				_, p, ok := r.Acquire(benchKeys[i&(len(benchKeys)-1)])
				if !ok {
					b.Fatal("empty")
				}
				p.Done(weir.Success)
			}
		})
	})
}

func BenchmarkSetNodesOfEmptyRing(b *testing.B) {
	sizes(b, func(b *testing.B, nodes int) {
		r := hash.NewRing(hash.RingOptions[string]{})
		for b.Loop() {
			if r.SetNodes(none) != nil || r.SetNodes(equal(nodes)) != nil {
				b.Fatal()
			}
		}
	})
}

func BenchmarkAddAndRemove(b *testing.B) {
	sizes(b, func(b *testing.B, nodes int) {
		r := benchRing(b, nodes, 0)
		b.ResetTimer()
		for b.Loop() {
			if err := r.Add("new", 100); err != nil || !r.Remove("new") {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkChangeOfWeight(b *testing.B) {
	sizes(b, func(b *testing.B, nodes int) {
		r := benchRing(b, nodes, 0)
		b.ResetTimer()
		for i := 0; b.Loop(); i++ {
			if err := r.Add(nodeName(0), 101+i&1); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The plain way to share a ring that changes, beside which snapshots must be worth it.
func BenchmarkGetUnderRWMutex(b *testing.B) {
	sizes(b, func(b *testing.B, nodes int) {
		var mu sync.RWMutex
		r := benchRing(b, nodes, 0)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				mu.RLock()
				_, ok := r.Get(benchKeys[i&(len(benchKeys)-1)])
				mu.RUnlock()
				if !ok {
					b.Fatal("empty")
				}
			}
		})
	})
}

// The obvious alternative without a ring: every change moves nearly all keys.
func BenchmarkGetModulo(b *testing.B) {
	nodes := make([]string, 0, 10)
	for node := range maps.Keys(maps.Collect(equal(10))) {
		nodes = append(nodes, node)
	}
	b.RunParallel(func(pb *testing.PB) {
		n := 0
		for i := 0; pb.Next(); i++ {
			n += len(nodes[hashOf(benchKeys[i&(len(benchKeys)-1)])%uint64(len(nodes))])
		}
		if n < 0 {
			b.Fatal()
		}
	})
}
