package bloom_test

import (
	"encoding/hex"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
)

// Filters of different machines and versions are merged, and share one in Redis: these
// numbers never change.
func TestSizesAreTheSameEverywhere(t *testing.T) {
	for n, sizes := range goldenSizes {
		for i, fpr := range rates {
			require.Equal(t, sizes[i], bloom.NewLayout(n, fpr).String(), "%d keys at %v", n, fpr)
		}
	}
}

func TestBitsOfAKeyAreTheSameEverywhere(t *testing.T) {
	for _, g := range goldenBits {
		l := bloom.NewLayout(g.n, g.fpr)
		require.Equal(t, g.bits, l.AppendBits(nil, []byte(g.key)), "%d keys at %v: %q", g.n, g.fpr, g.key)
	}
}

func TestFilterIsTheSameBytesEverywhere(t *testing.T) {
	for _, g := range goldenFilters {
		f := bloom.New(g.n, g.fpr)
		f.AddString("a")
		f.AddString("weir")
		require.Equal(t, g.bytes, hex.EncodeToString(bytesOf(t, f)))
		var back bloom.Filter
		data, err := hex.DecodeString(g.bytes)
		require.NoError(t, err)
		require.NoError(t, back.UnmarshalBinary(data))
		require.True(t, back.TestString("a") && back.TestString("weir"))
		require.False(t, back.TestString("b"))
		require.Equal(t, g.n, back.Capacity())
		require.Equal(t, g.fpr, back.FPR())
		require.Equal(t, f.Layout(), back.Layout())
	}
}

// naive returns a key's bits as the documentation of the format would have them, one by
// one and with large numbers.
func naive(blocks uint64, words, each int, key []byte) []uint64 {
	h := new(big.Int).SetUint64(xxhash.Sum64(key))
	block := new(big.Int).Rsh(new(big.Int).Mul(h, new(big.Int).SetUint64(blocks)), 64).Uint64()
	var all []uint64
	for w := range words {
		factor := uint64(0xc13fa9a902a6328f)
		if w >= 2 {
			factor = 0x91e10da5c79e7b1d
		}
		x := new(big.Int).Mul(h, new(big.Int).SetUint64(factor))
		field := func(from, n int) uint64 {
			f := new(big.Int).Rsh(x, uint(from))
			return f.And(f, big.NewInt(1<<n-1)).Uint64()
		}
		choice := map[int]int{2: 2, 4: 1}[words]
		word := uint64(w*8/words) + field(12+2*(w%2), choice)
		for b := range each {
			all = append(all, block*512+word*64+field(58-24*(w%2)-6*b, 6))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestLayoutAgreesWithAnotherImplementation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, fpr := range rates {
		for _, n := range []int{1, 1000, 10_000_000} {
			l := bloom.NewLayout(n, fpr)
			words, each := shapeOf(t, l)
			require.Equal(t, words*each, l.PerKey())
			for range 300 {
				key := make([]byte, rng.IntN(40))
				for i := range key {
					key[i] = byte(rng.Uint32())
				}
				got := l.AppendBits(nil, key)
				require.Equal(t, naive(l.Bits()/512, words, each, key), got, "%v %x", l, key)
				require.LessOrEqual(t, len(got), l.PerKey())
				require.Less(t, got[len(got)-1], l.Bits())
			}
		}
	}
}

// shapeOf reads a layout's text.
func shapeOf(t *testing.T, l bloom.Layout) (words, each int) {
	t.Helper()
	text := l.String()
	words, err := strconv.Atoi(text[len(text)-3 : len(text)-2])
	require.NoError(t, err)
	each, err = strconv.Atoi(text[len(text)-1:])
	require.NoError(t, err)
	require.Equal(t, strconv.FormatUint(l.Bits()/512, 10), text[:len(text)-4])
	return words, each
}

// Whoever keeps the bits elsewhere has the same filter.
func TestLayoutAndFilterAgree(t *testing.T) {
	for _, fpr := range rates {
		f, l := bloom.New(300, fpr), bloom.NewLayout(300, fpr)
		set := map[uint64]bool{}
		var k keys
		for i := range 300 {
			f.Add(k.key(0, i))
			for _, bit := range l.AppendBits(nil, k.key(0, i)) {
				set[bit] = true
			}
		}
		for i := range 3000 {
			all := true
			for _, bit := range l.AppendBits(nil, k.key(1, i)) {
				all = all && set[bit]
			}
			require.Equal(t, all, f.Test(k.key(1, i)))
		}
	}
}

func TestAppendBitsAppends(t *testing.T) {
	l := bloom.NewLayout(100, 0.01)
	bits := l.AppendBits([]uint64{7}, []byte("a"))
	require.EqualValues(t, 7, bits[0])
	require.Equal(t, l.AppendBits(nil, []byte("a")), bits[1:])
}

func TestLayoutsAreEqualIfTheirBitsAre(t *testing.T) {
	require.True(t, bloom.NewLayout(10, 0.01) == bloom.NewLayout(11, 0.011))
	require.False(t, bloom.NewLayout(10, 0.01) == bloom.NewLayout(10, 0.1), "as many bits, but others")
	require.False(t, bloom.NewLayout(1000, 0.01) == bloom.NewLayout(2000, 0.01))
	require.Equal(t, "1*2*3", bloom.NewLayout(10, 0.01).String())
}
