package breaker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

func BenchmarkDo(b *testing.B) {
	br := breaker.New(breaker.Options{})
	ctx := context.Background()
	fn := func(context.Context) error { return nil }
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := br.Do(ctx, fn); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAllowDone(b *testing.B) {
	br := breaker.New(breaker.Options{})
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, err := br.Allow(ctx)
			if err != nil {
				b.Fatal(err)
			}
			p.Done(weir.Success)
		}
	})
}

func BenchmarkRefuse(b *testing.B) {
	br := breaker.New(breaker.Options{TripDelay: -1, ProbeInterval: time.Hour})
	ctx := context.Background()
	for range 20 {
		_ = br.Do(ctx, func(context.Context) error { return errDown })
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := br.Allow(ctx); !errors.Is(err, weir.ErrRejected) {
				b.Fatal("admitted")
			}
		}
	})
}
