package breaker

import (
	"hash/maphash"
	"strconv"
	"sync"
	"testing"
	"time"
)

// What the lock-free window and the shards of a group are measured against: the
// same work under one mutex.

type mutexWindow struct {
	mu      sync.Mutex
	epochs  [40]uint32
	buckets [40][kinds]uint32
}

func (w *mutexWindow) add(kind int, epoch uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := epoch % 40
	if w.epochs[at] != epoch {
		w.epochs[at], w.buckets[at] = epoch, [kinds]uint32{}
	}
	w.buckets[at][kind]++
}

func BenchmarkWindowAdd(b *testing.B) {
	b.Run("lock-free", func(b *testing.B) {
		var w window
		w.init(10*time.Second, 40)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				w.add(accepted, 100)
			}
		})
		if w.total(accepted) != uint64(b.N) {
			b.Fatal("miscounted")
		}
	})
	b.Run("mutex", func(b *testing.B) {
		var w mutexWindow
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				w.add(accepted, 100)
			}
		})
		if w.buckets[100%40][accepted] != uint32(b.N) {
			b.Fatal("miscounted")
		}
	})
}

type mutexGroup struct {
	mu       sync.Mutex
	breakers map[string]*Breaker
}

func (g *mutexGroup) Get(key string) *Breaker {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.breakers[key]
}

func BenchmarkGroupGet(b *testing.B) {
	keys := make([]string, 1024)
	sharded, single := NewGroup[string](GroupOptions{}), mutexGroup{breakers: map[string]*Breaker{}}
	for i := range keys {
		keys[i] = "host-" + strconv.Itoa(i)
		single.breakers[keys[i]] = sharded.Get(keys[i])
	}
	for name, get := range map[string]func(string) *Breaker{"sharded": sharded.Get, "mutex": single.Get} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := maphash.String(maphash.MakeSeed(), "start"); pb.Next(); i++ {
					if get(keys[i%1024]) == nil {
						b.Error("no breaker")
						return
					}
				}
			})
		})
	}
}
