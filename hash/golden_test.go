package hash_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/hash"
)

// What is below must never change: processes of different versions of this
// package share rings, and what they cache lies where it says.

var goldenWeights = map[string]int{"alpha": 1, "beta": 2, "gamma": 3, "delta": 3, "epsilon": 10}

func TestSmallestRingIsGolden(t *testing.T) {
	r := newRing(t, hash.RingOptions[string]{Slots: 64}, maps.All(goldenWeights))
	var first []string
	for _, node := range assign(t, r, slotKeys(64)) {
		first = append(first, node[:1])
	}
	require.Equal(t, "egedebeebdeeeegedegeebgedegebedgdaebeeeeeaeeeegedeeeeebaegedeeeb", strings.Join(first, ""))
}

func TestKeysOfUsualRingAreGolden(t *testing.T) {
	r := newRing(t, hash.RingOptions[string]{}, maps.All(goldenWeights))
	for key, want := range map[string]string{
		"":             "epsilon gamma alpha delta beta",
		"a":            "delta epsilon gamma beta alpha",
		"user:42":      "alpha epsilon gamma beta delta",
		"user:43":      "gamma epsilon delta alpha beta",
		"\x00\xff\x80": "gamma delta beta epsilon alpha",
		"The key may be as long as one likes, well beyond what is hashed in one go.": "epsilon delta gamma beta alpha",
	} {
		require.Equal(t, want, strings.Join(r.GetN(key, 9), " "), "%q", key)
		node, _ := r.Get(key)
		require.Equal(t, strings.Fields(want)[0], node)
	}
}

func TestWholeRingsAreGolden(t *testing.T) {
	weighted := func(yield func(string, int) bool) {
		for i := range 300 {
			if !yield(nodeName(i), 1+i*i) {
				return
			}
		}
	}
	for _, c := range []struct {
		ring *hash.Ring[string]
		want string
	}{
		{newRing(t, hash.RingOptions[string]{}, equal(3)), "7e27634103404d2e"},
		{newRing(t, hash.RingOptions[string]{}, equal(10)), "6a209812194f1ae9"},
		{newRing(t, hash.RingOptions[string]{Slots: 1 << 14}, equal(300)), "2a9506133fe79587"},
		{newRing(t, hash.RingOptions[string]{Slots: 1 << 14}, weighted), "5b9ab59cfe423f9e"},
		{newRing(t, hash.RingOptions[string]{Slots: 1 << 20}, maps.All(goldenWeights)), "ae162fd84542b1cb"},
	} {
		all := strings.Join(assign(t, c.ring, keys(50_000)), "\n")
		require.Equal(t, c.want, fmt.Sprintf("%016x", hashOf(all)))
	}
}

func TestNodesComeHeaviestFirstThenByName(t *testing.T) {
	r := newRing(t, hash.RingOptions[string]{Slots: 64}, maps.All(goldenWeights))
	var order []string
	for node, weight := range r.Nodes() {
		require.Equal(t, goldenWeights[node], weight)
		order = append(order, node)
	}
	require.Equal(t, []string{"epsilon", "delta", "gamma", "beta", "alpha"}, order)
	for range r.Nodes() {
		break // must not go on
	}
	require.Len(t, slices.Collect(maps.Keys(maps.Collect(r.Nodes()))), 5)
}
