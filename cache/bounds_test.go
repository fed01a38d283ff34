package cache_test

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/cache"
)

func TestMaxEntriesHolds(t *testing.T) {
	for _, most := range []int{1, 10, 1000} {
		c := cache.New(cache.Options[int, int]{MaxEntries: most})
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 5 * most {
					c.Set(w*1_000_000+i, i)
				}
			})
		}
		wg.Wait()
		require.LessOrEqual(t, c.Len(), most)
		require.NotZero(t, c.Len())
		n := 0
		for range c.All() {
			n++
		}
		require.LessOrEqual(t, n, most)
		require.Equal(t, uint64(20*most-c.Len()), c.Stats().Evicted)
		require.NoError(t, c.Close(ctx))
	}
}

func TestNegativeMaxEntriesIsNoBound(t *testing.T) {
	c := cache.New(cache.Options[int, int]{MaxEntries: -1})
	defer c.Close(ctx)
	for i := range 50_000 {
		c.Set(i, i)
	}
	require.Equal(t, 50_000, c.Len())
}

func weighed(most uint64) *cache.Cache[int, []byte] {
	return cache.New(cache.Options[int, []byte]{
		MaxWeight: most,
		Weigh:     func(_ int, v []byte) uint32 { return uint32(len(v)) },
	})
}

func TestMaxWeightHolds(t *testing.T) {
	c := weighed(10_000)
	defer c.Close(ctx)
	rng := rand.New(rand.NewPCG(1, 2))
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 4 {
		wg.Go(func() {
			for range 2000 {
				mu.Lock()
				key, size := rng.IntN(500), rng.IntN(300)
				mu.Unlock()
				if size%2 == 0 {
					c.Set(key, make([]byte, size))
				} else {
					c.SetTTL(key, make([]byte, size), time.Hour)
				}
			}
		})
	}
	wg.Wait()
	require.Eventually(t, func() bool { return c.Stats().Weight <= 10_000 }, 10*time.Second, time.Millisecond)
	sum := uint64(0)
	for _, v := range c.All() {
		sum += max(1, uint64(len(v)))
	}
	require.Equal(t, c.Stats().Weight, sum, "the weights are those of the values that are there")
	require.Greater(t, sum, uint64(5000), "and they use the room there is")
}

func TestWeightOfALoadedValueCounts(t *testing.T) {
	c := weighed(1000)
	defer c.Close(ctx)
	_, err := c.Take(ctx, 1, func(ctxT) ([]byte, error) { return make([]byte, 600), nil })
	require.NoError(t, err)
	require.Equal(t, uint64(600), c.Stats().Weight)
	c.Set(1, make([]byte, 10))
	require.Eventually(t, func() bool { return c.Stats().Weight == 10 }, 10*time.Second, time.Millisecond)
}

func TestValueHeavierThanTheCacheIsNotKept(t *testing.T) {
	c := weighed(100)
	defer c.Close(ctx)
	v, err := c.Take(ctx, 1, func(ctxT) ([]byte, error) { return make([]byte, 101), nil })
	require.NoError(t, err)
	require.Len(t, v, 101)
	require.Eventually(t, func() bool { return c.Len() == 0 }, 10*time.Second, time.Millisecond)
}

func TestValuesWithoutWeightAreBoundedToo(t *testing.T) {
	c := weighed(100)
	defer c.Close(ctx)
	for i := range 10_000 {
		c.Set(i, nil)
	}
	require.Eventually(t, func() bool { return c.Len() <= 100 }, 10*time.Second, time.Millisecond)
}

// The func that weighs is the user's: it may use the cache, and panic.
func TestWeighMayUseTheCacheAndPanic(t *testing.T) {
	var c *cache.Cache[int, int]
	c = cache.New(cache.Options[int, int]{MaxWeight: 100, Weigh: func(key, v int) uint32 {
		if v < 0 {
			panic("negative")
		}
		if key < 5 {
			c.Set(key+1, v)
			c.Get(key)
			c.Delete(key + 2)
		}
		return 1
	}})
	defer c.Close(ctx)
	c.Set(0, 7)
	v, ok := c.Get(0)
	require.True(t, ok)
	require.Equal(t, 7, v)
	require.PanicsWithValue(t, "negative", func() { c.Set(0, -1) })
	v, ok = c.Get(0)
	require.True(t, ok, "what was there stays")
	require.Equal(t, 7, v)
	c.Set(0, 8)
	_, err := c.Take(ctx, 9, func(ctxT) (int, error) { return 9, nil })
	require.NoError(t, err)
}

// zipfian yields keys as caches see them: Zipf 1.01 over ten times what there is
// room for, with a scan of new keys for every fourth request.
func zipfian(n int, visit func(key int)) {
	rng := rand.New(rand.NewPCG(3, 4))
	zipf := rand.NewZipf(rng, 1.01, 1, 99_999)
	scan := 1_000_000
	for range n {
		if rng.IntN(4) == 0 {
			scan++
			visit(scan)
		} else {
			visit(int(zipf.Uint64()))
		}
	}
}

func TestScanDoesNotFlushWhatIsInUse(t *testing.T) {
	c := cache.New(cache.Options[string, int]{MaxEntries: 10_000})
	defer c.Close(ctx)
	hits, lru := 0, newLRU(10_000)
	const n = 300_000
	zipfian(n, func(key int) {
		k := strconv.Itoa(key)
		if _, ok := c.Get(k); ok {
			hits++
		} else {
			c.Set(k, key)
		}
		lru.use(key)
	})
	t.Logf("hit ratio %.1f %%, of a plain LRU %.1f %%", 100*float64(hits)/n, 100*float64(lru.hits)/n)
	require.Greater(t, hits, lru.hits+n/50, "two points better at least")
}
