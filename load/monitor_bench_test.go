package load

import (
	"sync"
	"testing"
	"time"
)

func BenchmarkMonitor(b *testing.B) {
	signals := []Signal{CPU(0), RunQueue(0), {Name: "hot", Read: func() (float64, error) { return 2, nil }}}
	m := newMonitor(signals, time.Second)
	m.poll(0)
	parallel := func(name string, fn func() bool) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if !fn() {
						b.Error("calm")
						return
					}
				}
			})
		})
	}
	parallel("poll not due", func() bool {
		m.poll(1)
		return true
	})
	parallel("squeezes", func() bool { return len(m.squeezes()) > 0 })

	// What the atomics are measured against: the same under one mutex.
	var mu sync.Mutex
	due, p := m.due.Load(), *m.wanted.Load()
	parallel("poll not due, mutex", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return 1 < due
	})
	parallel("squeezes, mutex", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(p) > 0
	})

	b.Run("poll due", func(b *testing.B) {
		b.ReportAllocs()
		for now := int64(0); b.Loop(); now += pollPause {
			m.poll(now)
		}
	})
}
