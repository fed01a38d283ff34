package threading_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/weirgo/weir/threading"
)

func BenchmarkRunSafe(b *testing.B) {
	n := 0
	fn := func() { n++ }
	b.Run("weir", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			threading.RunSafe(fn)
		}
	})
	b.Run("recover", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			func() {
				defer func() { _ = recover() }()
				fn()
			}()
		}
	})
}

func BenchmarkGoSafe(b *testing.B) {
	var wg sync.WaitGroup
	fn := wg.Done
	b.Run("weir", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			wg.Add(1)
			threading.GoSafe(fn)
			wg.Wait()
		}
	})
	b.Run("go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			wg.Add(1)
			go fn()
			wg.Wait()
		}
	})
}

// Tiny tasks on 16 workers; what x/sync and the go statement cost for the same.
func BenchmarkTasks(b *testing.B) {
	ctx := context.Background()
	var n atomic.Int64
	b.Run("weir", func(b *testing.B) {
		b.ReportAllocs()
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 16})
		task := func() { n.Add(1) }
		for b.Loop() {
			_ = r.Schedule(ctx, task)
		}
		_ = r.Wait(ctx)
	})
	b.Run("errgroup", func(b *testing.B) {
		b.ReportAllocs()
		var g errgroup.Group
		g.SetLimit(16)
		task := func() error { n.Add(1); return nil }
		for b.Loop() {
			g.Go(task)
		}
		_ = g.Wait()
	})
	b.Run("go", func(b *testing.B) {
		b.ReportAllocs()
		var wg sync.WaitGroup
		task := func() { n.Add(1) }
		for b.Loop() {
			wg.Go(task)
		}
		wg.Wait()
	})
}

// One task at a time, waited for: a worker comes and goes with each.
func BenchmarkLoneTask(b *testing.B) {
	ctx := context.Background()
	done := make(chan struct{})
	fn := func() { done <- struct{}{} }
	b.Run("weir", func(b *testing.B) {
		b.ReportAllocs()
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 16})
		for b.Loop() {
			_ = r.Schedule(ctx, fn)
			<-done
		}
	})
	b.Run("go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			go fn()
			<-done
		}
	})
}

// Inputs that are pushed and got by two goroutines; beside a channel of channels,
// which is how one keeps an order with what the language has.
func BenchmarkStable(b *testing.B) {
	ctx := context.Background()
	b.Run("weir", func(b *testing.B) {
		b.ReportAllocs()
		s := threading.NewStableRunner(threading.StableOptions{Workers: 16, Buffer: 256}, func(i int) int { return i })
		go func() {
			for i := range b.N {
				_ = s.Push(ctx, i)
			}
			_ = s.Close(ctx)
		}()
		for range s.All(ctx) {
		}
	})
	b.Run("channels", func(b *testing.B) {
		b.ReportAllocs()
		outputs := make(chan chan int, 256)
		go func() {
			for i := range b.N {
				out := make(chan int, 1)
				outputs <- out
				go func() { out <- i }()
			}
			close(outputs)
		}()
		for out := range outputs {
			<-out
		}
	})
}
