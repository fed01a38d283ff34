package hash_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/hash"
)

func TestMetricsOfARingAreItsStats(t *testing.T) {
	ring := hash.NewRing(hash.RingOptions[string]{Label: "shards", Slots: 64, Load: 1})
	require.NoError(t, ring.Add("a", 1))
	require.NoError(t, ring.Add("b", 1))
	for range 4 { // of which the node that has the key may have two
		_, _, ok := ring.Acquire("key")
		require.True(t, ok)
	}
	got := map[string]float64{}
	for m := range ring.Metrics {
		require.Equal(t, []weir.Label{{Name: "name", Value: "shards"}}, m.Labels)
		require.NotEmpty(t, m.Help)
		got[m.Kind.String()+" "+m.Name] = m.Value
	}
	st := ring.Stats()
	require.NotZero(t, st.Diverted)
	require.Equal(t, map[string]float64{
		"gauge weir_hash_ring_nodes": 2, "gauge weir_hash_ring_slots": 64, "gauge weir_hash_ring_weight": 2,
		"gauge weir_hash_ring_in_flight": 4, "counter weir_hash_ring_acquired_total": 4,
		"counter weir_hash_ring_diverted_total": float64(st.Diverted),
	}, got)
	for range ring.Metrics { // a poll that stops early
		break
	}
}
