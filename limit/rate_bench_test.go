package limit_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirgo/weir/limit"
)

func benchmarkKeys(b *testing.B, n int, decide func(context.Context, string) (limit.Decision, error)) {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = "client-" + strconv.Itoa(i)
	}
	ctx := context.Background()
	for _, key := range keys {
		_, _ = decide(ctx, key)
	}
	var start atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		i := int(start.Add(int64(n)/2)) % n
		for pb.Next() {
			if i++; i >= n {
				i = 0
			}
			if _, err := decide(ctx, keys[i]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkToken(b *testing.B) {
	for name, o := range map[string]limit.TokenOptions{
		"allowed": {Rate: limit.PerSecond(1e9), Burst: 1e9},
		"refused": {Rate: limit.PerHour(1)},
		"coprime": {Rate: limit.Rate{Events: 999_983, Per: time.Second}},
		"two":     {Rate: limit.PerSecond(1e9), Also: []limit.Bucket{{Rate: limit.PerHour(1e9), Burst: 1e9}}},
		"named":   {Name: "api", Rate: limit.PerSecond(1e9), Store: limit.NewMemory(limit.MemoryOptions{})},
	} {
		for _, keys := range []int{1, 10_000} {
			b.Run(name+"/keys="+strconv.Itoa(keys), func(b *testing.B) {
				benchmarkKeys(b, keys, limit.NewToken(o).Allow)
			})
		}
	}
}

func BenchmarkPeriod(b *testing.B) {
	for name, o := range map[string]limit.PeriodOptions{
		"fixed":   {Quota: 1e9, Period: time.Hour},
		"aligned": {Quota: 1e9, Period: time.Hour, Align: time.UTC},
		"sliding": {Quota: 1e9, Period: time.Hour, Sliding: true},
	} {
		for _, keys := range []int{1, 10_000} {
			b.Run(name+"/keys="+strconv.Itoa(keys), func(b *testing.B) {
				benchmarkKeys(b, keys, limit.NewPeriod(o).Take)
			})
		}
	}
}

func BenchmarkTokenNewKeys(b *testing.B) {
	ctx := context.Background()
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(10)})
	b.ReportAllocs()
	for i := range b.N {
		if _, err := l.Allow(ctx, strconv.Itoa(i)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClock(b *testing.B) { // what no decision can do without
	epoch := time.Now()
	for b.Loop() {
		_ = time.Since(epoch)
	}
}
