package hash_test

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/hash"
)

// An oracle is a ring as the package comment defines it, without any table: for
// every question, each node makes its bid anew. Only the logarithm is taken from
// the package; it has tests of its own.
type oracle struct {
	slots   int
	weights map[string]int
}

type stake struct {
	name   string
	draw   uint64
	weight int
}

// splitMix64 returns output number n, counted from 1.
func splitMix64(seed uint64, n int) (out uint64) {
	for range n {
		seed += 0x9E3779B97F4A7C15
		out = seed
		out = (out ^ (out >> 30)) * 0xBF58476D1CE4E5B9
		out = (out ^ (out >> 27)) * 0x94D049BB133111EB
		out ^= out >> 31
	}
	return out
}

func (a stake) compare(b stake) int {
	times := func(draw uint64, weight int) *big.Int {
		return new(big.Int).Mul(new(big.Int).SetUint64(hash.Cost(draw)), big.NewInt(int64(weight)))
	}
	return cmp.Or(
		times(a.draw, b.weight).Cmp(times(b.draw, a.weight)), // a.cost/a.weight to b.cost/b.weight
		cmp.Compare(b.draw, a.draw),
		cmp.Compare(b.weight, a.weight),
		cmp.Compare(a.name, b.name),
	)
}

// rank returns all nodes, best first.
func (o *oracle) rank(slot int) []string {
	var all []stake
	for name, weight := range o.weights {
		all = append(all, stake{name, splitMix64(hashOf(name), slot+1), weight})
	}
	slices.SortFunc(all, stake.compare)
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.name
	}
	return names
}

// check compares all that a ring says with the oracle.
func (o *oracle) check(t testing.TB, r *hash.Ring[string], keys []string) {
	t.Helper()
	require.Equal(t, len(o.weights), r.Len())
	if len(o.weights) == 0 {
		require.Empty(t, maps.Collect(r.Nodes()))
	} else {
		require.Equal(t, o.weights, maps.Collect(r.Nodes()))
	}
	for slot, key := range keys {
		best := o.rank(slot)
		node, ok := r.Get(key)
		require.Equal(t, len(best) > 0, ok)
		if ok {
			require.Equal(t, best[0], node, "slot %d", slot)
		}
		n := slot % (len(best) + 2)
		require.Equal(t, best[:min(n, len(best))], append([]string{}, r.GetN(key, n)...), "slot %d", slot)
	}
}

const fewSlots = 64

var fewKeys = slotKeys(fewSlots)

// change does one thing to ring and oracle, chosen by the numbers.
func (o *oracle) change(t testing.TB, r *hash.Ring[string], what, which, weight int) {
	t.Helper()
	name := nodeName(which)
	had := o.weights[name] > 0
	switch what % 4 {
	case 0, 1:
		require.NoError(t, r.Add(name, weight))
		o.weights[name] = weight
	case 2:
		require.Equal(t, had, r.Remove(name))
		delete(o.weights, name)
	case 3: // several at once
		for i := range 3 {
			other := nodeName(which + i)
			if had = o.weights[other] > 0; had && i > 0 {
				delete(o.weights, other)
			} else {
				o.weights[other] = weight + i
			}
		}
		require.NoError(t, r.SetNodes(maps.All(o.weights)))
	}
}

func TestRingEqualsRendezvousOverItsSlotsAfterEveryChange(t *testing.T) {
	for seed := range uint64(8) {
		random := seeded(seed)
		o := &oracle{fewSlots, map[string]int{}}
		r := hash.NewRing(hash.RingOptions[string]{Slots: fewSlots})
		most := []int{1, 3, 100, 1<<31 - 1}[seed%4]
		for range 40 {
			o.change(t, r, random.IntN(4), random.IntN(12), 1+random.IntN(most-most/2))
			o.check(t, r, fewKeys)
		}
	}
}

func TestRingOfManyNodesEqualsRendezvous(t *testing.T) {
	// 257 need two bytes per slot, and GetN several passes.
	o := &oracle{fewSlots, map[string]int{}}
	for i := range 255 {
		o.weights[nodeName(i)] = 1 + i%3
	}
	r := newRing(t, hash.RingOptions[string]{Slots: fewSlots}, maps.All(o.weights))
	for i := range 4 {
		o.check(t, r, fewKeys)
		o.weights[nodeName(300+i)] = 2
		require.NoError(t, r.Add(nodeName(300+i), 2))
	}
	o.check(t, r, fewKeys)
	for i := range 4 {
		delete(o.weights, nodeName(i))
		require.True(t, r.Remove(nodeName(i)))
		o.check(t, r, fewKeys)
	}
	require.Len(t, r.GetN("key", 1000), 255)
}

func FuzzRingEqualsRendezvous(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0, 2, 1, 2, 1, 0})
	f.Add([]byte{0, 1, 200, 3, 0, 9, 3, 1, 9, 0, 1, 100})
	f.Add([]byte{3, 250, 255, 2, 251, 0, 2, 252, 0, 2, 250, 0})
	f.Fuzz(func(t *testing.T, program []byte) {
		o := &oracle{fewSlots, map[string]int{}}
		r := hash.NewRing(hash.RingOptions[string]{Slots: fewSlots})
		for ; len(program) >= 3 && len(o.weights) < 20; program = program[3:] {
			o.change(t, r, int(program[0]), int(program[1]), 1+int(program[2]))
		}
		o.check(t, r, fewKeys)
	})
}
