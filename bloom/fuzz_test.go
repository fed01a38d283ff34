package bloom_test

import (
	"encoding/hex"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
)

// Each byte is an operation on one of a few keys; a map knows what was added.
func FuzzNoKeyIsForgotten(f *testing.F) {
	f.Add(uint16(1), 0.01, []byte("add, test, merge, copy"))
	f.Add(uint16(1000), 0.5, []byte{0, 1, 2, 3, 4, 5, 6, 7, 255, 254, 128})
	f.Add(uint16(40), 1e-8, []byte{0, 8, 16, 24, 32, 3, 4, 5, 6, 7})
	f.Fuzz(func(t *testing.T, n uint16, fpr float64, ops []byte) {
		if bloom.Validate(int(n), fpr) != nil {
			require.Panics(t, func() { bloom.New(int(n), fpr) })
			return
		}
		filter, added := bloom.New(int(n), fpr), map[string]bool{}
		for _, op := range ops {
			key := "key" + string(rune(op>>3))
			switch op & 7 {
			case 0:
				filter.Add([]byte(key))
				added[key] = true
			case 1:
				filter.AddString(key)
				added[key] = true
			case 2:
				already := filter.TestAndAddString(key)
				require.True(t, already || !added[key])
				added[key] = true
			case 3:
				other := bloom.New(int(n), fpr)
				other.AddString(key)
				require.NoError(t, filter.Merge(other))
				added[key] = true
			case 4:
				filter = filter.Clone()
			case 5:
				back := new(bloom.Filter)
				require.NoError(t, back.UnmarshalBinary(bytesOf(t, filter)))
				filter = back
			case 6:
				require.True(t, filter.TestString(key) || !added[key])
			case 7:
				if op == math.MaxUint8 {
					filter.Clear()
					clear(added)
				}
			}
		}
		for key := range added {
			require.True(t, filter.Test([]byte(key)))
		}
		if len(added) == 0 {
			require.Zero(t, filter.EstimatedCount())
		}
	})
}

func FuzzUnmarshalRefusesOrTakesWhole(f *testing.F) {
	for _, g := range goldenFilters {
		data, err := hex.DecodeString(g.bytes)
		require.NoError(f, err)
		f.Add(data)
		f.Add(data[:len(data)-1])
		f.Add(data[:32])
	}
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, sealed(data)} {
			var filter bloom.Filter
			if err := filter.UnmarshalBinary(data); err != nil {
				require.ErrorIs(t, err, bloom.ErrFormat)
				require.Zero(t, filter.Bits())
				continue
			}
			require.Equal(t, data, bytesOf(t, &filter))
			require.LessOrEqual(t, filter.Bits(), uint64(8*len(data)))
			require.NoError(t, bloom.Validate(1, filter.FPR()))
			filter.EstimatedCount()
			filter.TestString("a")
			require.True(t, filter.TestString("b") == filter.TestAndAddString("b"))
			require.True(t, filter.TestString("b"))
			require.NoError(t, filter.Clone().Merge(&filter))
		}
	})
}
