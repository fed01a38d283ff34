package load_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

// A lockedCount is what one would write by hand: a fixed limit and a clock, under
// one mutex. It learns nothing.
type lockedCount struct {
	mu      sync.Mutex
	in, max int
	epoch   time.Time
	last    time.Duration
}

func (l *lockedCount) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = time.Since(l.epoch)
	if l.in >= l.max {
		return false
	}
	l.in++
	return true
}

func (l *lockedCount) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = time.Since(l.epoch)
	l.in--
}

func BenchmarkAllowDone(b *testing.B) {
	s := load.New(load.Options{InitialLimit: 1000})
	for b.Loop() {
		p, _ := s.Allow(context.Background())
		p.Done(weir.Success)
	}
}

func BenchmarkAllowDoneParallel(b *testing.B) {
	b.Run("shedder", func(b *testing.B) {
		s := load.New(load.Options{MinLimit: 1000})
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				p, _ := s.Allow(context.Background())
				p.Done(weir.Success)
			}
		})
	})
	b.Run("mutex", func(b *testing.B) {
		l := &lockedCount{max: 1000, epoch: time.Now()}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if l.enter() {
					l.leave()
				}
			}
		})
	})
}

func BenchmarkRefuse(b *testing.B) {
	full := load.New(load.Options{MaxLimit: 1})
	if _, err := full.Allow(context.Background()); err != nil {
		b.Fatal(err)
	}
	refuse := func() {
		_, _ = full.Allow(context.Background())
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			refuse()
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				refuse()
			}
		})
	})
	b.Run("mutex, parallel", func(b *testing.B) {
		l := &lockedCount{epoch: time.Now()}
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				l.enter()
			}
		})
	})
}

// Each goroutine wants more permits at a time than there are for all.
func BenchmarkOverload(b *testing.B) {
	s := load.New(load.Options{MinLimit: 16, MaxLimit: 16})
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(time.Hour))
	defer cancel()
	contexts := []context.Context{of(weir.Sheddable), context.Background(), ctx, of(weir.CriticalPlus)}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var held [32]weir.Permit
		defer func() { leave(weir.Ignored, held[:]...) }()
		for i := 0; pb.Next(); i++ {
			at := i % len(held)
			held[at].Done(weir.Success)
			var err error
			held[at], err = s.Allow(contexts[i%4])
			if err != nil && !errors.Is(err, weir.ErrRejected) {
				b.Error(err)
				return
			}
		}
	})
	st := s.Stats()
	b.ReportMetric(float64(st.Refused)/math.Max(1, float64(b.N)), "refused/op")
}

func BenchmarkStats(b *testing.B) {
	s := load.New(load.Options{})
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Stats()
	}
}
