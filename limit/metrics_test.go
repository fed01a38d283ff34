package limit_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func TestMetricsOfAMemoryAreItsStats(t *testing.T) {
	memory := limit.NewMemory(limit.MemoryOptions{Name: "clients", MaxKeys: 2})
	token := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1), Burst: 1, Store: memory})
	for i := range 5 {
		_, err := token.Allow(t.Context(), strconv.Itoa(i))
		require.NoError(t, err)
	}
	got := map[string]float64{}
	for m := range memory.Metrics {
		require.Equal(t, []weir.Label{{Name: "name", Value: "clients"}}, m.Labels)
		require.NotEmpty(t, m.Help)
		got[m.Kind.String()+" "+m.Name] = m.Value
	}
	require.Equal(t, limit.MemoryStats{Keys: 2, Shared: 3}, memory.Stats())
	require.Equal(t, map[string]float64{
		"gauge weir_limit_memory_keys": 2, "counter weir_limit_memory_evicted_total": 0, "counter weir_limit_memory_shared_total": 3,
	}, got)
	for range memory.Metrics { // a poll that stops early
		break
	}
}
