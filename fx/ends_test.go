package fx_test

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

func TestEndsOfAnEmptyStream(t *testing.T) {
	s := fx.Just[*int]()
	compare := func(a, b *int) int { return cmp.Compare(*a, *b) }
	for name, end := range map[string]func() (*int, bool){
		"First": s.First,
		"Last":  s.Last,
		"Max":   func() (*int, bool) { return s.Max(compare) },
		"Min":   func() (*int, bool) { return s.Min(compare) },
	} {
		v, ok := end()
		require.Nil(t, v, name)
		require.False(t, ok, name)
	}
	never := func(*int) bool { return false }
	require.False(t, s.AnyMatch(never))
	require.True(t, s.AllMatch(never))
	require.True(t, s.NoneMatch(never))
	require.Zero(t, s.Count())
	require.Equal(t, 7, fx.Reduce(s, 7, func(int, *int) int { return 0 }))
	s.ForEach(func(*int) { t.Error("there is none") })
}

func TestNilIsAnItemLikeAnyOther(t *testing.T) {
	one := 1
	s := fx.Just(nil, &one, nil)
	first, ok := s.First()
	require.True(t, ok)
	require.Nil(t, first)
	last, ok := s.Last()
	require.True(t, ok)
	require.Nil(t, last)
	nilsLast := func(a, b *int) int {
		switch {
		case a == b:
			return 0
		case a == nil:
			return 1
		}
		return -1
	}
	greatest, ok := s.Max(nilsLast)
	require.True(t, ok)
	require.Nil(t, greatest)
	least, ok := s.Min(nilsLast)
	require.True(t, ok)
	require.Equal(t, &one, least)
	require.Equal(t, 3, s.Count())
}

func TestOfEqualItemsMaxAndMinReturnTheFirst(t *testing.T) {
	s := fx.Just(31, 12, 32, 11)
	tens := func(a, b int) int { return cmp.Compare(a/10, b/10) }
	greatest, _ := s.Max(tens)
	least, _ := s.Min(tens)
	require.Equal(t, 31, greatest)
	require.Equal(t, 12, least)
}

func TestMatches(t *testing.T) {
	s := upTo(5)
	require.True(t, s.AnyMatch(func(n int) bool { return n == 4 }))
	require.False(t, s.AnyMatch(func(n int) bool { return n == 5 }))
	require.True(t, s.AllMatch(func(n int) bool { return n < 5 }))
	require.False(t, s.AllMatch(func(n int) bool { return n < 4 }))
	require.True(t, s.NoneMatch(func(n int) bool { return n == 5 }))
	require.False(t, s.NoneMatch(func(n int) bool { return n == 4 }))
}

func TestForEachSeesAllInOrder(t *testing.T) {
	var seen []int
	upTo(4).ForEach(func(n int) { seen = append(seen, n) })
	require.Equal(t, []int{0, 1, 2, 3}, seen)
}

func TestReduceGoesFromTheFirstToTheLast(t *testing.T) {
	got := fx.Reduce(fx.Just(1, 2, 3), "0", func(s string, n int) string { return "(" + s + string(rune('0'+n)) + ")" })
	require.Equal(t, "(((01)2)3)", got)
}

func TestGroupsComeInTheOrderOfTheirFirstItems(t *testing.T) {
	groups := fx.Group(fx.Just(5, 2, 8, 1, 4), func(n int) int { return n % 3 }).Collect()
	require.Equal(t, []fx.Grouped[int, int]{
		{Key: 2, Items: []int{5, 2, 8}},
		{Key: 1, Items: []int{1, 4}},
	}, groups)
	require.Zero(t, fx.Group(fx.Just[int](), func(n int) int { return n }).Count())
}
