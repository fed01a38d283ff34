package mr_test

import (
	"context"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/weirgo/weir/mr"
)

// Each benchmark of items does so many in one operation.
const benchItems = 100_000

func perItem(b *testing.B, run func()) {
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchItems, "ns/item")
}

// A cheap function on items of a source, beside a plain loop and errgroup.
func BenchmarkStream(b *testing.B) {
	ctx := context.Background()
	b.Run("MapReduce", func(b *testing.B) {
		perItem(b, func() { _, _ = mr.MapReduce(ctx, count(benchItems), double, sum, mr.Options{}) })
	})
	b.Run("ForEach", func(b *testing.B) {
		perItem(b, func() { _ = mr.ForEach(ctx, count(benchItems), nothing, mr.Options{}) })
	})
	b.Run("Map", func(b *testing.B) {
		perItem(b, func() {
			_, _ = mr.Map(ctx, count(benchItems), func(_ context.Context, i int) (int, error) { return 2 * i, nil }, mr.Options{})
		})
	})
	b.Run("loop", func(b *testing.B) {
		perItem(b, func() {
			for i := range count(benchItems) {
				_ = nothing(ctx, i)
			}
		})
	})
	b.Run("errgroup", func(b *testing.B) {
		perItem(b, func() {
			var g errgroup.Group
			g.SetLimit(mr.DefaultWorkers)
			for i := range count(benchItems) {
				g.Go(func() error { return nothing(ctx, i) })
			}
			_ = g.Wait()
		})
	})
}

// The same on a slice.
func BenchmarkSlice(b *testing.B) {
	ctx, items := context.Background(), upTo(benchItems)
	fn := func(_ context.Context, i int) (int, error) { return 2 * i, nil }
	b.Run("MapSlice", func(b *testing.B) {
		perItem(b, func() { _, _ = mr.MapSlice(ctx, items, fn, mr.Options{}) })
	})
	b.Run("ForEachSlice", func(b *testing.B) {
		perItem(b, func() { _ = mr.ForEachSlice(ctx, items, nothing, mr.Options{}) })
	})
	b.Run("loop", func(b *testing.B) {
		perItem(b, func() {
			all := make([]int, len(items))
			for i, item := range items {
				all[i], _ = fn(ctx, item)
			}
		})
	})
}

// Three functions that do nothing.
func BenchmarkFinish(b *testing.B) {
	ctx := context.Background()
	fn := func(context.Context) error { return nil }
	b.Run("Finish", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = mr.Finish(ctx, fn, fn, fn)
		}
	})
	b.Run("errgroup", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g, ctx := errgroup.WithContext(ctx)
			call := func() error { return fn(ctx) }
			g.Go(call)
			g.Go(call)
			g.Go(call)
			_ = g.Wait()
		}
	})
}
