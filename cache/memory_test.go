//go:build !race

// The race detector pads what is allocated.

package cache_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/cache"
)

// heap returns how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// grown returns by how many bytes per entry the heap grows by what fill does.
func grown(fill func() (keep any)) float64 {
	before := heap()
	keep := fill()
	after := heap()
	runtime.KeepAlive(keep)
	return (float64(after) - float64(before)) / benchKeys
}

func TestValuesTakeNoMoreMemoryThanInOtterItself(t *testing.T) {
	ks := keys()
	for _, rounds := range []int{1, 2} { // an update may take more
		bare := grown(func() any {
			c := bare[string](2 * benchKeys)
			t.Cleanup(func() { c.StopAllGoroutines() })
			for range rounds {
				for _, k := range ks {
					c.Set(k, "value")
				}
			}
			c.CleanUp()
			return c
		})
		ours := grown(func() any {
			c := weirs[string](2 * benchKeys)
			t.Cleanup(func() { _ = c.Close(ctx) })
			for range rounds {
				for _, k := range ks {
					c.Set(k, "value")
				}
			}
			require.Equal(t, benchKeys, c.Len())
			return c
		})
		t.Logf("bytes per entry: otter %.1f, weir %.1f", bare, ours)
		require.Less(t, ours, 1.05*bare)
	}
}

func TestEmptyCacheIsSmall(t *testing.T) {
	each := grown(func() any {
		caches := make([]*cache.Cache[string, int], benchKeys/1000)
		for i := range caches {
			caches[i] = cache.New(cache.Options[string, int]{TTL: time.Hour})
		}
		return caches
	}) * 1000
	t.Logf("%.0f bytes", each)
	require.Less(t, each, 30_000.0)
}
