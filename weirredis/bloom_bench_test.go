package weirredis_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirredis"
)

// A filter beside a set of all the keys, which makes no mistakes, on a real server.
func BenchmarkBloom(b *testing.B) {
	c := startServer(b).client()
	ctx := context.Background()
	f := bloomOf(c, weirredis.BloomOptions{Capacity: 1_000_000})
	keys := numbered(0, 100_000)
	require.NoError(b, f.AddN(ctx, keys[:50_000]))
	for from := 0; from < 50_000; from += 1000 {
		var members []any
		for _, key := range keys[from : from+1000] {
			members = append(members, key)
		}
		require.NoError(b, c.SAdd(ctx, "set", members...).Err())
	}
	measure := func(name string, call func(i int) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if err := call(i % len(keys)); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
	measure("set, test", func(i int) error { return c.SIsMember(ctx, "set", keys[i]).Err() })
	measure("set, add", func(i int) error { return c.SAdd(ctx, "set", keys[i]).Err() })
	measure("test", func(i int) error { _, err := f.Test(ctx, keys[i]); return err })
	measure("add", func(i int) error { return f.Add(ctx, keys[i]) })
	measure("test 1000", func(i int) error { _, err := f.TestN(ctx, keys[i/1000*1000:i/1000*1000+1000]); return err })
	measure("add 1000", func(i int) error { return f.AddN(ctx, keys[i/1000*1000:i/1000*1000+1000]) })
}
