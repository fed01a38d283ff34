package bloom_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
)

func TestMergedFilterIsAsIfAllKeysHadBeenAddedToOne(t *testing.T) {
	for _, fpr := range rates {
		a, b, both := bloom.New(1000, fpr), bloom.New(1000, fpr), bloom.New(1000, fpr)
		var k keys
		for i := range 500 {
			a.Add(k.key(0, i))
			b.Add(k.key(1, i))
			both.Add(k.key(0, i))
			both.Add(k.key(1, i))
		}
		other := bytesOf(t, b)
		require.NoError(t, a.Merge(b))
		require.Equal(t, bytesOf(t, both), bytesOf(t, a))
		require.Equal(t, other, bytesOf(t, b))
		require.NoError(t, a.Merge(a))
		require.NoError(t, a.Merge(bloom.New(1000, fpr)))
		require.Equal(t, bytesOf(t, both), bytesOf(t, a))
	}
}

func TestFiltersThatDoNotFitAreNotMerged(t *testing.T) {
	f := filled(1000, 0.01)
	before := bytesOf(t, f)
	for _, other := range []*bloom.Filter{filled(2000, 0.01), filled(1000, 0.1), filled(1000, 0.001), new(bloom.Filter), nil} {
		require.ErrorIs(t, f.Merge(other), bloom.ErrMismatch)
	}
	small, other := filled(10, 0.01), filled(10, 0.1)
	require.Equal(t, small.Bits(), other.Bits())
	require.ErrorIs(t, small.Merge(other), bloom.ErrMismatch, "as many bits, but others")
	require.Equal(t, before, bytesOf(t, f))
}

func TestCloneIsAFilterOfItsOwn(t *testing.T) {
	f := filled(1000, 0.001)
	before := bytesOf(t, f)
	c := f.Clone()
	require.Equal(t, before, bytesOf(t, c))
	c.AddString("only here")
	require.False(t, f.TestString("only here"))
	f.Clear()
	require.True(t, c.TestString("only here"))
	require.Equal(t, 1000, c.Capacity())
	require.Equal(t, 0.001, c.FPR())
}

func TestClearedFilterIsEmptyAndUsable(t *testing.T) {
	f := filled(1000, 0.01)
	f.Clear()
	require.Equal(t, bytesOf(t, bloom.New(1000, 0.01)), bytesOf(t, f))
	require.False(t, f.TestAndAddString("a"))
	require.True(t, f.TestString("a"))
}

func TestCountIsEstimated(t *testing.T) {
	for _, fpr := range rates {
		for _, n := range []int{1, 10, 1000, 30_000} {
			f := bloom.New(n, fpr)
			var k keys
			for i := range n {
				f.Add(k.key(0, i))
				f.Add(k.key(0, i)) // as one
			}
			allowed := 0.01*float64(n) + 1
			if n < 30_000 {
				allowed = 0.1*float64(n) + 1
			}
			require.InDelta(t, n, f.EstimatedCount(), allowed, name(n, fpr))
		}
	}
}

func TestFullFilterStillHasACount(t *testing.T) {
	f := bloom.New(1, 0.01)
	var k keys
	for i := range 10_000 {
		f.Add(k.key(0, i))
	}
	require.True(t, f.TestString("never added"), "every bit is set")
	require.Greater(t, f.EstimatedCount(), uint64(300))
	require.Less(t, f.EstimatedCount(), uint64(10_000))
}
