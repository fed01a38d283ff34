package fx_test

import (
	"context"
	"runtime"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/weirgo/weir/fx"
)

const thousand = 1000

// A thousand items of next to no work: what is left is the cost of handing them
// out. The peer is a goroutine per item of a bounded errgroup.
func BenchmarkParallelForEach(b *testing.B) {
	procs := runtime.GOMAXPROCS(0)
	b.Run("weir", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = fx.ParallelForEach(ctx, upTo(thousand), fx.ParallelOptions{}, pass)
		}
	})
	b.Run("errgroup", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g, ctx := errgroup.WithContext(ctx)
			g.SetLimit(procs)
			for n := range thousand {
				g.Go(func() error { return pass(ctx, n) })
			}
			_ = g.Wait()
		}
	})
}

// The same with results in the order of the items, for which there is no peer in
// x/sync; unordered shows what order costs.
func BenchmarkParallelMap(b *testing.B) {
	double := func(_ context.Context, n int) (int, error) { return 2 * n, nil }
	for name, o := range map[string]fx.ParallelOptions{"ordered": {}, "unordered": {Unordered: true}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for v := range fx.ParallelMap(ctx, upTo(thousand), o, double) {
					sink = v
				}
			}
		})
	}
}

func BenchmarkBuffer(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sink = upTo(thousand).Buffer(64).Count()
	}
}

func BenchmarkParallel(b *testing.B) {
	ok := func(context.Context) error { return nil }
	b.Run("weir", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = fx.Parallel(ctx, ok, ok, ok)
		}
	})
	b.Run("errgroup", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g, ctx := errgroup.WithContext(ctx)
			for range 3 {
				g.Go(func() error { return ok(ctx) })
			}
			_ = g.Wait()
		}
	})
}

// What Retry, Timeout and Hedge cost a call that succeeds at once.
func BenchmarkCalls(b *testing.B) {
	ok := func(context.Context) error { return nil }
	budget := fx.NewRetryBudget(fx.RetryBudgetOptions{})
	var latencies fx.Latencies
	for name, call := range map[string]func(){
		"retry":        func() { _ = fx.Retry(ctx, ok, fx.RetryOptions{}) },
		"retry-budget": func() { _ = fx.Retry(ctx, ok, fx.RetryOptions{Budget: budget}) },
		"timeout":      func() { _ = fx.Timeout(ctx, 1<<40, ok) },
		"hedge": func() {
			_, _ = fx.Hedge(ctx, fx.HedgeOptions{Latencies: &latencies}, func(context.Context) (int, error) { return 1, nil })
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}
