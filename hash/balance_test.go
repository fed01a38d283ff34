package hash_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/hash"
)

// shares returns which part of so many keys each node has.
func shares(r *hash.Ring[string], keys int) map[string]float64 {
	counts := map[string]int{}
	var key [8]byte
	for i := range keys {
		binary.LittleEndian.PutUint64(key[:], uint64(i))
		node, _ := r.GetBytes(key[:])
		counts[node]++
	}
	parts := map[string]float64{}
	for node, n := range counts {
		parts[node] = float64(n) / float64(keys)
	}
	return parts
}

func maxToMean(r *hash.Ring[string], keys int) float64 {
	most := 0.0
	for _, part := range shares(r, keys) {
		most = max(most, part)
	}
	return most * float64(r.Len())
}

func TestNodesOfOneWeightHaveEqualShares(t *testing.T) {
	for nodes, bound := range map[int]float64{2: 1.02, 10: 1.05, 100: 1.10, 1000: 1.35} {
		r := newRing(t, hash.RingOptions[string]{}, equal(nodes))
		require.LessOrEqual(t, maxToMean(r, 400_000), bound, "%d nodes", nodes)
	}
}

func TestNamesThatLookAlikeShareEqually(t *testing.T) {
	for style, name := range map[string]func(int) string{
		// Where names and numbers of points are joined as text, a1 and 0 is a and 10.
		"prefixes of others": func(i int) string { return "a" + fmt.Sprint(i) },
		"repeated":           func(i int) string { return fmt.Sprintf("%0*d", i+1, 0) },
		"numbers":            func(i int) string { return fmt.Sprint(1 << i) },
		"one byte":           func(i int) string { return string(rune('a' + i)) },
		"long":               func(i int) string { return fmt.Sprintf("%1000d", i) },
	} {
		nodes := map[string]int{}
		for i := range 10 {
			nodes[name(i)] = 1
		}
		r := newRing(t, hash.RingOptions[string]{}, maps.All(nodes))
		require.LessOrEqual(t, maxToMean(r, 100_000), 1.05, style)
	}
}

func TestSharesAreInProportionToWeights(t *testing.T) {
	const keys = 200_000
	for _, weights := range []map[string]int{
		{"a": 1, "b": 2},
		{"a": 1, "b": 2, "c": 3, "d": 4, "e": 10},
		{"small": 1, "large": 100},
		{"a": math.MaxInt32, "b": math.MaxInt32, "c": math.MaxInt32 / 2},
	} {
		r := newRing(t, hash.RingOptions[string]{}, maps.All(weights))
		total := float64(r.Stats().Weight)
		for node, part := range shares(r, keys) {
			p := float64(weights[node]) / total
			// Chance works twice, once where slots are given to nodes and once where
			// keys fall into slots; five standard deviations of both.
			slack := 5 * math.Sqrt(p*(1-p)*(1.0/(1<<18)+1.0/keys))
			require.InDelta(t, p, part, slack, "%s of %v", node, weights)
		}
	}
}

func TestMoreSlotsShareMoreEvenly(t *testing.T) {
	few := newRing(t, hash.RingOptions[string]{Slots: 1 << 10}, equal(50))
	many := newRing(t, hash.RingOptions[string]{Slots: 1 << 20}, equal(50))
	require.Greater(t, maxToMean(few, 100_000), 1.2)
	require.LessOrEqual(t, maxToMean(many, 400_000), 1.05)
}
