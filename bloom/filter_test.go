package bloom_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
)

// One of each shape that the bits of a key can have.
var rates = []float64{0.5, 0.1, 0.01, 0.001, 1e-4, 1e-7}

func TestEveryKeyThatWasAddedIsFound(t *testing.T) {
	for _, fpr := range rates {
		for _, n := range []int{1, 10, 1000, 20_000} {
			f := bloom.New(n, fpr)
			var k keys
			for i := range 2 * n { // also beyond the capacity
				f.Add(k.key(0, i))
				require.True(t, f.Test(k.key(0, i)))
			}
			for i := range 2 * n {
				require.True(t, f.Test(k.key(0, i)), "key %d of %d at %v", i, n, fpr)
			}
		}
	}
}

func TestEmptyFilterFindsNothing(t *testing.T) {
	for _, fpr := range rates {
		f := bloom.New(10, fpr)
		var k keys
		for i := range 1000 {
			require.False(t, f.Test(k.key(0, i)))
		}
		require.Zero(t, f.EstimatedCount())
	}
}

func TestAnyBytesAreAKey(t *testing.T) {
	f := bloom.New(100, 1e-9)
	all := []string{"", "\x00", "\x00\x00", "a", "a\x00", "\xff", "ключ", strings.Repeat("x", 1<<20), strings.Repeat("x", 1<<20+1)}
	for _, key := range all {
		require.False(t, f.TestString(key))
		require.False(t, f.TestAndAddString(key))
		require.True(t, f.TestAndAdd([]byte(key)), "bytes and strings are the same keys")
		require.True(t, f.Test([]byte(key)))
		require.True(t, f.TestString(key))
	}
	f.Clear()
	f.Add(nil)
	require.True(t, f.TestString(""), "nil is the empty key")
	require.True(t, f.Test([]byte{}))
	f.AddString("b")
	require.True(t, f.Test([]byte("b")))
}

func TestTestAndAddTellsNewFromOld(t *testing.T) {
	for _, fpr := range rates {
		f, plain := bloom.New(1000, fpr), bloom.New(1000, fpr)
		var k keys
		for i := range 1000 {
			old := plain.Test(k.key(0, i))
			plain.Add(k.key(0, i))
			require.Equal(t, old, f.TestAndAdd(k.key(0, i)))
			require.True(t, f.TestAndAdd(k.key(0, i)))
		}
		require.Equal(t, bytesOf(t, plain), bytesOf(t, f))
	}
}

func TestFilterSaysWhatItWasMadeFor(t *testing.T) {
	f := bloom.New(1000, 0.01)
	require.Equal(t, 1000, f.Capacity())
	require.Equal(t, 0.01, f.FPR())
	require.Equal(t, uint64(21*512), f.Bits())
	require.Equal(t, bloom.NewLayout(1000, 0.01), f.Layout())
}

// go-zero's filter appended to the caller's slice, and so wrote behind its end.
func TestCallersBytesAreNeverWritten(t *testing.T) {
	whole := []byte("hello world")
	before := bytes.Clone(whole)
	for _, fpr := range rates {
		f := bloom.New(100, fpr)
		for n := range len(whole) + 1 {
			for _, part := range [][]byte{whole[:n], whole[:n:n], whole[n:]} {
				f.Add(part)
				f.Test(part)
				f.TestAndAdd(part)
				f.Layout().AppendBits(nil, part)
				require.Equal(t, before, whole)
			}
		}
		data := append(bytesOf(t, f), "spare"...)
		kept := bytes.Clone(data)
		require.NoError(t, new(bloom.Filter).UnmarshalBinary(data[:len(data)-5]))
		require.Error(t, new(bloom.Filter).UnmarshalBinary(data[:len(data)-6]))
		require.Equal(t, kept, data)
	}
}

// The race detector sees a write to what others read.
func TestManyMayAskAboutTheSameBytes(t *testing.T) {
	f, shared := bloom.New(100, 0.01), []byte("hello world")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				f.Add(shared[:5])
				f.TestAndAdd(shared[:5])
				f.Test(shared[:5])
			}
		})
	}
	wg.Wait()
}

func TestImpossibleFiltersPanicAndAreErrors(t *testing.T) {
	for _, c := range []struct {
		n    int
		fpr  float64
		text string
	}{
		{0, 0.01, "keys must be positive"}, {-1, 0.01, "keys must be positive"}, {math.MinInt, 0.01, "keys must be positive"},
		{10, 0, "rate of false positives"}, {10, -0.1, "rate of false positives"}, {10, 1, "rate of false positives"},
		{10, 2, "rate of false positives"}, {10, 9e-10, "rate of false positives"}, {10, math.NaN(), "rate of false positives"},
		{10, math.Inf(1), "rate of false positives"}, {10, math.Inf(-1), "rate of false positives"},
		{math.MaxInt, 1e-9, "more memory"}, {math.MaxInt, 0.01, "more memory"},
	} {
		err := bloom.Validate(c.n, c.fpr)
		require.ErrorContains(t, err, c.text)
		require.True(t, strings.HasPrefix(err.Error(), "bloom: "))
		require.PanicsWithValue(t, err.Error(), func() { bloom.New(c.n, c.fpr) })
		require.PanicsWithValue(t, err.Error(), func() { bloom.NewLayout(c.n, c.fpr) })
	}
}

func TestExtremeFiltersArePossible(t *testing.T) {
	for _, fpr := range []float64{1e-9, 0.5, 0.999999, math.Nextafter(1, 0)} {
		for _, n := range []int{1, 2, 3, 5000} {
			require.NoError(t, bloom.Validate(n, fpr))
			f := bloom.New(n, fpr)
			f.AddString("a")
			require.True(t, f.TestString("a"))
			require.Positive(t, f.Bits())
		}
	}
}

func TestZeroFilterSaysSo(t *testing.T) {
	var f bloom.Filter
	const text = "bloom: a Filter or Layout must be made by New, NewLayout or UnmarshalBinary"
	for name, use := range map[string]func(){
		"Add":              func() { f.Add(nil) },
		"AddString":        func() { f.AddString("") },
		"Test":             func() { f.Test(nil) },
		"TestString":       func() { f.TestString("") },
		"TestAndAdd":       func() { f.TestAndAdd(nil) },
		"TestAndAddString": func() { f.TestAndAddString("") },
		"AppendBits":       func() { bloom.Layout{}.AppendBits(nil, nil) },
	} {
		require.PanicsWithValue(t, text, use, name)
	}
	_, err := f.MarshalBinary()
	require.EqualError(t, err, text)
	require.ErrorIs(t, f.Merge(&f), bloom.ErrMismatch)
	require.ErrorIs(t, f.Merge(bloom.New(1, 0.1)), bloom.ErrMismatch)
	require.Zero(t, f.EstimatedCount())
	require.Zero(t, f.Bits())
	require.Zero(t, bloom.Layout{}.PerKey())
	f.Clear()
	require.Zero(t, f.Clone().Bits())
}

func bytesOf(t testing.TB, f *bloom.Filter) []byte {
	t.Helper()
	data, err := f.MarshalBinary()
	require.NoError(t, err)
	return data
}

func name(n int, fpr float64) string { return fmt.Sprintf("%d keys at %v", n, fpr) }
