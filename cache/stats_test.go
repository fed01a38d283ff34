package cache_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/cache"
)

func TestStatsAreExactUnderLoad(t *testing.T) {
	c := exact(t, cache.Options[string, int]{MaxEntries: 50})
	var lookups, loaded, missing, broken atomic.Uint64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 3000 {
				key := fmt.Sprint((i*7 + w) % 120)
				lookups.Add(1)
				if i%3 == 0 {
					c.Get(key)
					continue
				}
				_, _ = c.Take(ctx, key, func(ctxT) (int, error) {
					switch i % 5 {
					case 0:
						missing.Add(1)
						return 0, cache.ErrNotFound
					case 1:
						broken.Add(1)
						return 0, errDown
					}
					loaded.Add(1)
					return i, nil
				})
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, c.Len(), 50) // which also evicts what is left to be
	st := c.Stats()
	require.Equal(t, lookups.Load(), st.Hits+st.NotFoundHits+st.Misses)
	require.Equal(t, []uint64{loaded.Load(), missing.Load(), broken.Load()}, []uint64{st.Loads, st.LoadsNotFound, st.LoadsFailed})
	require.NotZero(t, st.Evicted)
	require.Zero(t, st.Loading)
}

func TestStatsCountEachLookupOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{TTL: time.Second})
		c.Get("a")
		c.Set("a", 1)
		c.Get("a")
		_, _ = c.Take(ctx, "a", mustNot(t))
		_, _ = c.Take(ctx, "b", gives(1))
		_, _ = c.Take(ctx, "c", fails(cache.ErrNotFound))
		c.Get("c")
		_, _ = c.Take(ctx, "d", fails(errDown))
		require.Equal(t, cache.Stats{
			Entries: 2, Absent: 1, Hits: 2, NotFoundHits: 1, Misses: 4, Loads: 1, LoadsNotFound: 1, LoadsFailed: 1,
		}, c.Stats())
		g := newGate()
		wait := takes(3, c, ctx, "e", g.load(gives(1)))
		<-g.began
		require.Equal(t, 1, c.Stats().Loading)
		close(g.end)
		wait()
		time.Sleep(3 * time.Second)
		require.Equal(t, uint64(3), c.Stats().Expired)
	})
}

func TestMetricsAreTheStats(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{Name: "users", TTL: time.Second})
		c.Get("a")
		c.Set("a", 1)
		c.Get("a")
		c.Get("a")
		_, _ = c.Take(ctx, "b", fails(cache.ErrNotFound))
		_, _ = c.Take(ctx, "b", mustNot(t))
		got := map[string]float64{}
		c.Metrics(func(m weir.Metric) bool {
			require.NotEmpty(t, m.Help)
			require.Equal(t, weir.Label{Name: "name", Value: "users"}, m.Labels[0])
			name := m.Name
			for _, l := range m.Labels[1:] {
				name += " " + l.Value
			}
			require.NotContains(t, got, name)
			got[name] = m.Value
			return true
		})
		require.Equal(t, map[string]float64{
			"weir_cache_entries": 1, "weir_cache_weight": 0, "weir_cache_absent": 1, "weir_cache_loading": 0,
			"weir_cache_lookups_total hit": 2, "weir_cache_lookups_total not_found": 1, "weir_cache_lookups_total miss": 2,
			"weir_cache_loads_total value": 0, "weir_cache_loads_total not_found": 1, "weir_cache_loads_total error": 0,
			"weir_cache_refreshes_total": 0, "weir_cache_stale_total": 0, "weir_cache_panics_total": 0,
			"weir_cache_removed_total room": 0, "weir_cache_removed_total time": 0,
		}, got)
		n := 0
		c.Metrics(func(weir.Metric) bool { n++; return n < 3 })
		require.Equal(t, 3, n, "it ends when told to")
	})
}

var _ weir.Source = (*cache.Cache[int, int])(nil)
