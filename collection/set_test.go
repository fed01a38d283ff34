package collection_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestSetHoldsEachItemOnce(t *testing.T) {
	s := collection.NewSet("a", "b", "a")
	require.Equal(t, 2, s.Len())
	require.True(t, s.Contains("a"))
	require.False(t, s.Contains("c"))
	s.Add("b", "c")
	require.Equal(t, []string{"a", "b", "c"}, slices.Sorted(s.All()))
	s.Remove("a", "x", "b")
	require.Equal(t, []string{"c"}, slices.Sorted(s.All()))
	s.Clear()
	require.Zero(t, s.Len())
	s.Add("d")
	require.Equal(t, collection.NewSet("d"), s)
}

func TestZeroSetIsAnEmptySet(t *testing.T) {
	var s collection.Set[int]
	one := collection.NewSet(1)
	require.Zero(t, s.Len())
	require.False(t, s.Contains(0))
	require.Empty(t, slices.Collect(s.All()))
	s.Remove(1)
	s.Clear()
	require.True(t, s.Equal(collection.NewSet[int]()))
	require.True(t, s.IsSubset(nil))
	require.True(t, s.IsSubset(one))
	require.False(t, one.IsSubset(s))
	for _, empty := range []collection.Set[int]{s.Clone(), s.Union(nil), s.Intersect(one), one.Intersect(s), s.Difference(one), one.Difference(one), s.SymmetricDifference(nil)} {
		require.NotNil(t, empty, "can be written to as a map, too")
		require.Zero(t, empty.Len())
	}
	for _, same := range []collection.Set[int]{one.Union(s), s.Union(one), one.Difference(s), one.SymmetricDifference(s), s.SymmetricDifference(one)} {
		require.Equal(t, one, same)
	}
	s.Add(1)
	require.Equal(t, one, s)
	var added collection.Set[int]
	added.Add()
	require.NotNil(t, added)
}

func TestSetIsAMap(t *testing.T) {
	s := make(collection.Set[int], 10)
	s[1] = struct{}{}
	same := s
	same.Add(2)
	require.Len(t, s, 2)
	require.ElementsMatch(t, []int{1, 2}, slices.Collect(maps.Keys(s)))
}

func TestCollectSetTakesAllItems(t *testing.T) {
	require.Equal(t, collection.NewSet(1, 2, 3), collection.CollectSet(slices.Values([]int{3, 1, 2, 3})))
	require.Equal(t, collection.Set[int]{}, collection.CollectSet(slices.Values([]int{})))
}

func TestRangeOverASetMayStopAndMayRemove(t *testing.T) {
	s := collection.NewSet(1, 2, 3)
	for item := range s.All() {
		s.Remove(item)
		break
	}
	require.Equal(t, 2, s.Len())
	for item := range s.All() {
		s.Remove(item)
	}
	require.Zero(t, s.Len())
}

// members makes a set of the bits of a number, the naive form of one.
func members(bits uint16) collection.Set[int] {
	var s collection.Set[int]
	for i := range 16 {
		if bits>>i&1 == 1 {
			s.Add(i)
		}
	}
	return s
}

func TestSetAlgebraAgreesWithThatOfBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		a, b := uint16(rng.Uint32()), uint16(rng.Uint32())
		checkAlgebra(t, a, b)
		checkAlgebra(t, a, a&b)
	}
	for _, a := range []uint16{0, 1, 2, 3, 0xffff} {
		for _, b := range []uint16{0, 1, 2, 3, 0xffff} {
			checkAlgebra(t, a, b)
		}
	}
}

func FuzzSetAlgebraAgreesWithThatOfBits(f *testing.F) {
	f.Add(uint16(0), uint16(1))
	f.Add(uint16(0xff), uint16(0xf0))
	f.Add(uint16(0xffff), uint16(0x5555))
	f.Fuzz(checkAlgebra)
}

func checkAlgebra(t *testing.T, a, b uint16) {
	t.Helper()
	x, y := members(a), members(b)
	for _, c := range []struct {
		name string
		got  collection.Set[int]
		want uint16
	}{
		{"union", x.Union(y), a | b},
		{"intersection", x.Intersect(y), a & b},
		{"difference", x.Difference(y), a &^ b},
		{"symmetric difference", x.SymmetricDifference(y), a ^ b},
		{"clone", x.Clone(), a},
	} {
		want := members(c.want)
		if !maps.Equal(want, c.got) {
			t.Fatalf("%s of %016b and %016b is %v", c.name, a, b, c.got)
		}
		// The result is a set of its own.
		c.got.Add(99)
		c.got.Remove(0, 1, 2, 3)
	}
	if x.IsSubset(y) != (a&^b == 0) || x.Equal(y) != (a == b) || !x.Equal(members(a)) {
		t.Fatalf("comparing %016b and %016b", a, b)
	}
	if !maps.Equal(x, members(a)) || !maps.Equal(y, members(b)) {
		t.Fatalf("%016b or %016b was changed", a, b)
	}
}

func TestNaNIsAnItemThatIsNeverFound(t *testing.T) {
	nan := math.NaN()
	s := collection.NewSet(1, nan)
	s.Add(nan)
	require.Equal(t, 3, s.Len())
	require.False(t, s.Contains(nan))
	s.Remove(nan)
	require.Equal(t, 3, s.Len())
	require.False(t, s.Equal(s))
	require.False(t, s.IsSubset(s))
	require.Equal(t, 3, s.Clone().Len())
	require.Equal(t, 1, s.Intersect(s).Len())
	s.Clear()
	require.Zero(t, s.Len())
}

func TestItemThatCannotBeComparedPanicsAndIsNotAdded(t *testing.T) {
	var s collection.Set[any]
	s.Add(1)
	require.Panics(t, func() { s.Add([]int{1}) })
	require.Panics(t, func() { s.Contains(func() {}) })
	require.Panics(t, func() { s.Remove(map[int]int{}) })
	require.Equal(t, collection.NewSet[any](1), s)
}
