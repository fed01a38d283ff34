package bloom_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
)

func TestOnePerCentTakesAtMostElevenBitsPerKey(t *testing.T) {
	for n := 1000; n <= 1_000_000_000 && n > 0; n *= 10 {
		require.LessOrEqual(t, float64(bloom.NewLayout(n, 0.01).Bits()), 11*float64(n), n)
	}
}

// go-zero asked its users for a number of bits: some took 64 for all their keys.
func TestMoreKeysOrFewerMistakesNeverTakeLessMemory(t *testing.T) {
	for _, fpr := range rates {
		last := uint64(0)
		for n := 1; n < 1<<22; n += 1 + n/2 {
			bits := bloom.NewLayout(n, fpr).Bits()
			require.GreaterOrEqual(t, bits, last-last>>8, "%d keys at %v", n, fpr)
			last = bits
		}
	}
	for _, n := range []int{100, 10_000, 1_000_000} {
		last := uint64(0)
		for fpr := 0.9; fpr > 1e-9; fpr *= 0.95 {
			bits := bloom.NewLayout(n, fpr).Bits()
			require.GreaterOrEqual(t, bits, last-last>>4, "%d keys at %v", n, fpr)
			last = bits
		}
	}
}
