package hash_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/hash"
)

func nodeName(i int) string { return fmt.Sprintf("10.0.%d.%d:6379", i/256, i%256) }

// equal yields n nodes of weight 100.
func equal(n int) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for i := range n {
			if !yield(nodeName(i), 100) {
				return
			}
		}
	}
}

func none(func(string, int) bool) {}

func keys(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("user:%d", i*7919)
	}
	return all
}

func hashOf(key string) uint64 { return xxhash.Sum64String(key) }

// slotKeys returns a key for every slot, so that a test can look at the whole ring.
func slotKeys(slots int) []string {
	found, all := 0, make([]string, slots)
	for i := 0; found < slots; i++ {
		key := fmt.Sprint(i)
		if slot := int(hashOf(key) / (1 << 32 / uint64(slots) << 32)); all[slot] == "" {
			all[slot] = key
			found++
		}
	}
	return all
}

func newRing(t testing.TB, o hash.RingOptions[string], nodes iter.Seq2[string, int]) *hash.Ring[string] {
	t.Helper()
	r := hash.NewRing(o)
	require.NoError(t, r.SetNodes(nodes))
	return r
}

// assign returns the node of each key.
func assign(t testing.TB, r *hash.Ring[string], keys []string) []string {
	t.Helper()
	nodes := make([]string, len(keys))
	for i, key := range keys {
		node, ok := r.Get(key)
		if !ok {
			t.Fatalf("no node for %q", key)
		}
		nodes[i] = node
	}
	return nodes
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
