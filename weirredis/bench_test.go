package weirredis_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

// A decision beside the least that a script can do, on a real server.
func BenchmarkDecision(b *testing.B) {
	c := startServer(b).client()
	s := storeOf(c)
	ctx := context.Background()
	bare := redis.NewScript("return 1")
	require.NoError(b, bare.Load(ctx, c).Err())
	one := []limit.Bucket{{Rate: limit.PerSecond(1e6), Burst: 1e6}}
	refused := []limit.Bucket{{Rate: limit.PerHour(1), Burst: 1}}
	three := []limit.Bucket{one[0], {Rate: limit.PerHour(1e9), Burst: 1e6}, {Rate: limit.PerMinute(1e8), Burst: 1e5}}
	measure := func(name string, call func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			took := make([]time.Duration, 0, b.N)
			for b.Loop() {
				from := time.Now()
				if err := call(); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(from))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
			b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
		})
	}
	tokens := func(key string, buckets []limit.Bucket) func() error {
		return func() error {
			_, err := s.TakeTokens(ctx, key, 1, 0, buckets)
			return err
		}
	}
	window := func(key string, w limit.Window) func() error {
		return func() error {
			_, err := s.TakeWindow(ctx, key, 1, w)
			return err
		}
	}
	measure("bare evalsha", func() error { return bare.EvalSha(ctx, c, []string{"weir:{k}"}, "1").Err() })
	measure("tokens", tokens("one", one))
	measure("tokens, refused", tokens("refused", refused))
	measure("tokens, 3 rates", tokens("three", three))
	measure("window", window("fixed", limit.Window{Quota: 1e9, Period: time.Hour}))
	measure("window, sliding", window("sliding", limit.Window{Quota: 1e9, Period: time.Hour, Sliding: true}))
	measure("window, calendar", window("day", limit.Window{Quota: 1e9, Period: 24 * time.Hour, Align: time.Local}))
}
