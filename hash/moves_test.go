package hash_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/hash"
)

const moveSlots = 1 << 12

var moveKeys = slotKeys(moveSlots) // one of each slot: what holds for them holds for all keys

// moves counts what went from or to a node, and fails on any other move.
func moves(t *testing.T, node string, before, after []string) (away, to int) {
	t.Helper()
	for i := range before {
		switch {
		case before[i] == after[i]:
		case before[i] == node:
			away++
		case after[i] == node:
			to++
		default:
			t.Fatalf("%q moved from %s to %s when %s changed", moveKeys[i], before[i], after[i], node)
		}
	}
	return away, to
}

func TestKeysMoveOnlyToOrFromTheNodeThatChanges(t *testing.T) {
	random := seeded(3)
	for _, nodes := range []int{1, 2, 10, 100, 255, 256, 300} {
		for _, heaviest := range []int{1, 50} {
			r := hash.NewRing(hash.RingOptions[string]{Slots: moveSlots})
			weights := map[string]int{}
			for i := range nodes {
				weights[nodeName(i)] = 1 + random.IntN(heaviest)
			}
			require.NoError(t, r.SetNodes(maps.All(weights)))
			start := assign(t, r, moveKeys)

			require.NoError(t, r.Add("new", 10))
			added := assign(t, r, moveKeys)
			away, gained := moves(t, "new", start, added)
			require.Zero(t, away)
			require.Positive(t, gained)

			require.NoError(t, r.Add("new", 30))
			grown := assign(t, r, moveKeys)
			away, to := moves(t, "new", added, grown)
			require.Zero(t, away)
			require.Positive(t, to)

			require.NoError(t, r.Add("new", 10))
			require.Equal(t, added, assign(t, r, moveKeys), "the way back is the way there")

			require.True(t, r.Remove("new"))
			require.Equal(t, start, assign(t, r, moveKeys))
		}
	}
}

func TestAsManyKeysMoveAsTheNodesShare(t *testing.T) {
	r := newRing(t, hash.RingOptions[string]{Slots: moveSlots}, equal(9))
	before := assign(t, r, moveKeys)
	require.NoError(t, r.Add("tenth", 100))
	_, to := moves(t, "tenth", before, assign(t, r, moveKeys))
	require.InDelta(t, moveSlots/10, to, 80) // four standard deviations
}

func TestSetNodesMovesKeysOnlyOfNodesThatChange(t *testing.T) {
	random := seeded(4)
	weights := map[string]int{}
	r := hash.NewRing(hash.RingOptions[string]{Slots: moveSlots})
	require.NoError(t, r.Add("always", 10))
	weights["always"] = 10
	for range 30 {
		was, before := maps.Clone(weights), assign(t, r, moveKeys)
		for range 5 {
			name := nodeName(random.IntN(20))
			if weight := random.IntN(20); weight == 0 || weight%4 == 0 {
				delete(weights, name)
			} else {
				weights[name] = weight
			}
		}
		require.NoError(t, r.SetNodes(maps.All(weights)))
		for i, now := range assign(t, r, moveKeys) {
			// A node that is not there has a weight of 0.
			shrank, grew := weights[before[i]] < was[before[i]], weights[now] > was[now]
			require.True(t, now == before[i] || shrank || grew, "%s to %s", before[i], now)
		}
	}
}

func TestOrderOfChangesDoesNotMatter(t *testing.T) {
	random := seeded(5)
	o := hash.RingOptions[string]{Slots: moveSlots}
	want := assign(t, newRing(t, o, equal(20)), moveKeys)
	for range 5 {
		r := hash.NewRing(o)
		for _, i := range random.Perm(30) {
			require.NoError(t, r.Add(nodeName(i), 1+random.IntN(1000)))
		}
		for _, i := range random.Perm(30) {
			if i >= 20 {
				require.True(t, r.Remove(nodeName(i)))
			} else {
				require.NoError(t, r.Add(nodeName(i), 100))
			}
		}
		require.Equal(t, want, assign(t, r, moveKeys))
	}
}

func TestOnlyProportionsOfWeightsMatter(t *testing.T) {
	scaled := func(by int) []string {
		r := newRing(t, hash.RingOptions[string]{Slots: moveSlots},
			maps.All(map[string]int{"a": 1 * by, "b": 2 * by, "c": 5 * by}))
		return assign(t, r, moveKeys)
	}
	require.Equal(t, scaled(1), scaled(100_000_000))
}
