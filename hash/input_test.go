package hash_test

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/hash"
)

func TestImpossibleOptionsAreRefused(t *testing.T) {
	for _, o := range []hash.RingOptions[string]{
		{Slots: -1}, {Slots: 1}, {Slots: 32}, {Slots: 1000}, {Slots: 1 << 25}, {Slots: math.MinInt},
		{Load: 0.5}, {Load: 1e7}, {Load: math.NaN()}, {Load: math.Inf(1)},
	} {
		err := o.Validate()
		require.ErrorContains(t, err, "hash: RingOptions.", "%+v", o)
		require.PanicsWithValue(t, err.Error(), func() { hash.NewRing(o) })
	}
	require.ErrorContains(t, hash.RingOptions[int]{}.Validate(), "hash: RingOptions.Name is needed")
	for _, o := range []hash.RingOptions[string]{
		{}, {Slots: 64}, {Slots: 1 << 24}, {Load: 1}, {Load: -1}, {Load: math.Inf(-1)}, {Load: 1e6},
	} {
		require.NoError(t, o.Validate())
	}
}

func TestImpossibleNodesAreRefusedAndChangeNothing(t *testing.T) {
	r := hash.NewRing(hash.RingOptions[string]{Slots: 64})
	require.NoError(t, r.Add("a", 1))
	for _, weight := range []int{0, -1, math.MinInt} {
		require.ErrorIs(t, r.Add("b", weight), hash.ErrWeight)
		require.ErrorIs(t, r.Add("a", weight), hash.ErrWeight)
		require.ErrorIs(t, r.SetNodes(maps.All(map[string]int{"b": 1, "c": weight})), hash.ErrWeight)
	}
	if strconv.IntSize == 64 {
		huge := math.MaxInt32
		huge++
		require.ErrorIs(t, r.Add("b", huge), hash.ErrWeight)
	}
	require.ErrorIs(t, r.Add("", 1), hash.ErrNode)
	require.ErrorIs(t, r.SetNodes(maps.All(map[string]int{"b": 1, "": 1})), hash.ErrNode)
	require.ErrorIs(t, r.SetNodes(twice), hash.ErrDuplicate)
	require.PanicsWithValue(t, "hash: SetNodes with a nil sequence", func() { _ = r.SetNodes(nil) })
	require.False(t, r.Remove("b"))
	require.False(t, r.Remove(""))
	require.Equal(t, map[string]int{"a": 1}, maps.Collect(r.Nodes()))
}

func twice(yield func(string, int) bool) { _ = yield("b", 1) && yield("b", 2) }

func TestMoreNodesThanCanBeNumberedAreRefused(t *testing.T) {
	r := hash.NewRing(hash.RingOptions[string]{Slots: 64})
	require.NoError(t, r.SetNodes(equal(1<<16)))
	require.ErrorIs(t, r.Add("one more", 1), hash.ErrTooMany)
	require.NoError(t, r.Add(nodeName(7), 1), "a weight may still change")
	require.ErrorIs(t, r.SetNodes(equal(1<<16+1)), hash.ErrTooMany)
	require.Equal(t, 1<<16, r.Len())
	for _, key := range fewKeys {
		best := r.GetN(key, 2)
		node, _ := r.Get(key)
		require.Equal(t, best[0], node)
	}
}

func TestAddOfNodeInTheRingReplacesItsWeight(t *testing.T) {
	r := hash.NewRing(hash.RingOptions[string]{Slots: 64})
	require.NoError(t, r.Add("a", 1))
	require.NoError(t, r.Add("a", 7))
	require.NoError(t, r.Add("a", 7))
	require.Equal(t, map[string]int{"a": 7}, maps.Collect(r.Nodes()))
	require.Equal(t, hash.RingStats{Nodes: 1, Slots: 64, Weight: 7}, r.Stats())
}

func TestEmptyRingHasNoNode(t *testing.T) {
	var zero hash.Ring[string]
	emptied := newRing(t, hash.RingOptions[string]{Slots: 64, Load: 2}, equal(3))
	for i := range 3 {
		require.True(t, emptied.Remove(nodeName(i)))
	}
	set := newRing(t, hash.RingOptions[string]{Slots: 64}, equal(3))
	require.NoError(t, set.SetNodes(none))
	for _, r := range []*hash.Ring[string]{&zero, hash.NewRing(hash.RingOptions[string]{Load: 1}), emptied, set} {
		node, ok := r.Get("key")
		require.False(t, ok)
		require.Empty(t, node)
		_, ok = r.GetBytes([]byte("key"))
		require.False(t, ok)
		_, p, ok := r.Acquire("key")
		require.False(t, ok)
		p.Done(weir.Success) // the zero Permit
		require.Zero(t, r.Len())
		require.Empty(t, maps.Collect(r.Nodes()))
		require.Empty(t, maps.Collect(r.Loads()))
		require.Zero(t, r.Stats().Nodes)
	}
	require.PanicsWithValue(t, "hash: a Ring that NewRing did not make", func() { _ = zero.Add("a", 1) })
}

type backend struct{ address string }

func (b *backend) String() string { return b.address }

type region string

func (region) String() string { return "the same for all" }

func TestNodesAreCalledByTheirStringUnlessNameSaysOtherwise(t *testing.T) {
	regions := hash.NewRing(hash.RingOptions[region]{Slots: 64})
	require.NoError(t, regions.Add("north", 1))
	require.NoError(t, regions.Add("south", 1), "a string is its own name")

	plain := newRing(t, hash.RingOptions[string]{Slots: 64}, equal(5))
	pointers := hash.NewRing(hash.RingOptions[*backend]{Slots: 64})
	shards := hash.NewRing(hash.RingOptions[int]{Slots: 64, Name: nodeName})
	mixed := hash.NewRing(hash.RingOptions[fmt.Stringer]{Slots: 64})
	for i := range 5 {
		require.NoError(t, pointers.Add(&backend{nodeName(i)}, 100))
		require.NoError(t, shards.Add(i, 100))
		require.NoError(t, mixed.Add(netip.MustParseAddrPort(nodeName(i)), 100))
	}
	for _, key := range keys(100) {
		want, _ := plain.Get(key)
		p, _ := pointers.Get(key)
		require.Equal(t, want, p.String())
		s, _ := shards.Get(key)
		require.Equal(t, want, nodeName(s))
		m, _ := mixed.Get(key)
		require.Equal(t, want, m.String())
	}
}

func TestTwoNodesOfOneNameAreRefused(t *testing.T) {
	one, other := &backend{"b:1"}, &backend{"b:1"}
	r := hash.NewRing(hash.RingOptions[*backend]{Slots: 64})
	require.NoError(t, r.Add(one, 1))
	err := r.Add(other, 1)
	require.ErrorIs(t, err, hash.ErrDuplicate)
	require.ErrorContains(t, err, `"b:1"`)
	require.ErrorIs(t, r.SetNodes(maps.All(map[*backend]int{one: 1, other: 1})), hash.ErrDuplicate)
	require.False(t, r.Remove(other), "it is not the one in the ring")
	got, _ := r.Get("key")
	require.Same(t, one, got)

	require.NoError(t, r.SetNodes(maps.All(map[*backend]int{other: 1})), "but it may take its place")
	got, _ = r.Get("key")
	require.Same(t, other, got)
	require.True(t, r.Remove(other))
}

type sliced struct{ any }

func (sliced) String() string { return "sliced" }

func TestNodesThatCouldNotBeRemovedAreRefused(t *testing.T) {
	floats := hash.NewRing(hash.RingOptions[float64]{Slots: 64, Name: func(f float64) string { return fmt.Sprint(f) }})
	require.ErrorIs(t, floats.Add(math.NaN(), 1), hash.ErrNode)
	require.False(t, floats.Remove(math.NaN()))
	require.NoError(t, floats.Add(math.Inf(1), 1))

	dynamic := hash.NewRing(hash.RingOptions[fmt.Stringer]{Slots: 64})
	require.ErrorIs(t, dynamic.Add(nil, 1), hash.ErrNode)
	require.ErrorIs(t, dynamic.Add(sliced{[]int{1}}, 1), hash.ErrNode)
	require.False(t, dynamic.Remove(sliced{[]int{1}}))
	require.NoError(t, dynamic.Add(sliced{1}, 1))
	require.ErrorIs(t, dynamic.Add(sliced{[]int{1}}, 1), hash.ErrNode)
	require.Equal(t, 1, dynamic.Len())
}

func TestPanickingNameLeavesTheRingAsItWas(t *testing.T) {
	r := hash.NewRing(hash.RingOptions[string]{Slots: 64, Name: func(n string) string {
		if strings.HasPrefix(n, "bad") {
			panic("no name")
		}
		return n
	}})
	require.NoError(t, r.Add("good", 1))
	bad := maps.All(map[string]int{"bad": 1})
	require.PanicsWithValue(t, "no name", func() { _ = r.Add("bad", 1) })
	require.PanicsWithValue(t, "no name", func() { r.Remove("bad") })
	require.PanicsWithValue(t, "no name", func() { _ = r.SetNodes(bad) })
	require.NoError(t, r.Add("better", 1), "nothing stays locked")
	require.Equal(t, map[string]int{"good": 1, "better": 1}, maps.Collect(r.Nodes()))
}

func TestNodesMayBeReadFromTheRingItself(t *testing.T) {
	r := newRing(t, hash.RingOptions[string]{Slots: 64}, equal(5))
	doubled := func(yield func(string, int) bool) {
		for node, weight := range r.Nodes() {
			if r.Len() != 5 || !yield(node, 2*weight) {
				return
			}
		}
	}
	require.NoError(t, r.SetNodes(doubled))
	require.Equal(t, int64(1000), r.Stats().Weight)
}
