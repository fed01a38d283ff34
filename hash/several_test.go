package hash_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/hash"
)

func TestSeveralNodesAreDistinctAndBeginWithThatOfGet(t *testing.T) {
	for _, nodes := range []int{1, 2, 10, 33, 100} {
		r := newRing(t, hash.RingOptions[string]{Slots: 1 << 10}, equal(nodes))
		for _, key := range keys(200) {
			owner, _ := r.Get(key)
			all := r.GetN(key, nodes)
			require.Equal(t, owner, all[0])
			for n := range nodes {
				require.Equal(t, all[:n], append([]string{}, r.GetN(key, n)...), "a shorter list is the begin of a longer one")
			}
			slices.Sort(all)
			require.Len(t, slices.Compact(all), nodes)
		}
	}
}

func TestNextOfSeveralTakesOverWhenTheFirstIsRemoved(t *testing.T) {
	r := hash.NewRing(hash.RingOptions[string]{Slots: 1 << 8})
	for i := range 12 {
		require.NoError(t, r.Add(nodeName(i), 1+i))
	}
	for _, key := range keys(10) {
		weights := map[string]int{}
		for node, weight := range r.Nodes() {
			weights[node] = weight
		}
		order := r.GetN(key, 12)
		for i, node := range order {
			require.Equal(t, order[i:], r.GetN(key, 12))
			require.True(t, r.Remove(node))
		}
		for node, weight := range weights {
			require.NoError(t, r.Add(node, weight))
		}
	}
}

func TestSeveralNodesAtTheBounds(t *testing.T) {
	empty := hash.NewRing(hash.RingOptions[string]{})
	require.Nil(t, empty.GetN("key", 3))
	require.Equal(t, []string{"kept"}, empty.AppendN([]string{"kept"}, "key", 3))

	r := newRing(t, hash.RingOptions[string]{Slots: 64}, equal(3))
	require.Nil(t, r.GetN("key", 0))
	require.Nil(t, r.GetN("key", -1))
	require.Len(t, r.GetN("key", 1<<30), 3, "and no memory is set aside for more")
	require.Equal(t, append([]string{"kept"}, r.GetN("key", 2)...), r.AppendN([]string{"kept"}, "key", 2))
}

func TestKeyInBytesIsKeyInString(t *testing.T) {
	r := newRing(t, hash.RingOptions[string]{Slots: 1 << 10}, equal(30))
	for _, key := range append(keys(100), "") {
		buffer := []byte("<" + key + ">")
		inBytes, _ := r.GetBytes(buffer[1 : len(buffer)-1])
		inString, _ := r.Get(key)
		require.Equal(t, inString, inBytes)
		require.Equal(t, "<"+key+">", string(buffer), "the buffer is only read")
	}
	node, ok := r.GetBytes(nil)
	want, _ := r.Get("")
	require.True(t, ok)
	require.Equal(t, want, node)
}
