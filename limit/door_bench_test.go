package limit

import (
	"context"
	"testing"
	"time"
)

// An idleStore answers at once and does nothing.
type idleStore struct{}

func (idleStore) TakeTokens(context.Context, string, int, time.Duration, []Bucket) (Taken, error) {
	return Taken{OK: true, Limit: 10, Remaining: 5}, nil
}

func (idleStore) TakeWindow(context.Context, string, int, Window) (Taken, error) {
	return Taken{OK: true, Limit: 10, Remaining: 5}, nil
}

// BenchmarkDoor is what a limiter adds to a call of its store.
func BenchmarkDoor(b *testing.B) {
	for name, timeout := range map[string]time.Duration{"timeout": 0, "none": -1} {
		b.Run(name, func(b *testing.B) {
			d := newDoor("", doorOptions{store: idleStore{}, timeout: timeout})
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = d.tokens(context.Background(), "key", 1, 0, tenPerSecond)
			}
		})
	}
}

// BenchmarkOutage is what a decision costs while the store does not answer.
func BenchmarkOutage(b *testing.B) {
	for f := FallbackLocal; f <= FallbackClosed; f++ {
		b.Run(f.String(), func(b *testing.B) {
			d, _ := outage(doorOptions{fallback: f})
			_, _, _ = d.tokens(context.Background(), "key", 1, 0, tenPerSecond)
			d.gates.all[0].phase.Load().next.Store(1 << 62)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _, _ = d.tokens(context.Background(), "key", 1, 0, tenPerSecond)
				}
			})
		})
	}
}

// BenchmarkLease is a decision about a busy key: one call of the store for 1001.
func BenchmarkLease(b *testing.B) {
	l := leasing(newFakeStore(), PerSecond(1_000_000_000), 1_000_000, 1000)
	b.ReportAllocs()
	for b.Loop() {
		allow(l, "key")
	}
}
