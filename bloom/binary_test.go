package bloom_test

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"math"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
)

// sealed returns data with the checksum that belongs to it, so that what is wrong is not
// found by that alone.
func sealed(data []byte) []byte {
	data = bytes.Clone(data)
	if len(data) >= 8 {
		binary.LittleEndian.PutUint64(data[len(data)-8:], xxhash.Sum64(data[:len(data)-8]))
	}
	return data
}

func filled(n int, fpr float64) *bloom.Filter {
	f := bloom.New(n, fpr)
	var k keys
	for i := range n {
		f.Add(k.key(0, i))
	}
	return f
}

func TestFilterComesBackAsItWas(t *testing.T) {
	for _, fpr := range rates {
		for _, n := range []int{1, 100, 10_000} {
			f := filled(n, fpr)
			back := bloom.New(77, 0.3)
			back.AddString("to be forgotten")
			require.NoError(t, back.UnmarshalBinary(bytesOf(t, f)))
			require.Equal(t, bytesOf(t, f), bytesOf(t, back))
			require.Equal(t, f.Layout(), back.Layout())
			require.Equal(t, f.Capacity(), back.Capacity())
			require.Equal(t, f.FPR(), back.FPR())
			require.NoError(t, back.Merge(f))
			back.AddString("is a filter as any other")
			require.True(t, back.TestString("is a filter as any other"))
		}
	}
}

func TestGobCarriesFilters(t *testing.T) {
	type message struct{ Seen *bloom.Filter }
	var wire bytes.Buffer
	f := filled(100, 0.01)
	require.NoError(t, gob.NewEncoder(&wire).Encode(message{f}))
	var got message
	require.NoError(t, gob.NewDecoder(&wire).Decode(&got))
	require.Equal(t, bytesOf(t, f), bytesOf(t, got.Seen))
}

func TestDamageIsFoundAndChangesNothing(t *testing.T) {
	good := bytesOf(t, filled(100, 0.01))
	f := filled(10, 0.1)
	before := bytesOf(t, f)
	refuse := func(data []byte, what string) {
		t.Helper()
		require.ErrorIs(t, f.UnmarshalBinary(data), bloom.ErrFormat, what)
		require.Equal(t, before, bytesOf(t, f))
	}
	for i := range good {
		for _, flip := range []byte{1, 0x80, 0xff} {
			bad := bytes.Clone(good)
			bad[i] ^= flip
			refuse(bad, "a bit has turned")
		}
		refuse(good[:i], "the end is missing")
	}
	refuse(append(bytes.Clone(good), 0), "too long")
	refuse(append(bytes.Clone(good), make([]byte, 64)...), "a block too long")
	refuse(nil, "nothing")
}

// What has the right checksum may be nonsense all the same, and must not cost more memory
// than it has bytes.
func TestForgedHeadersAreRefused(t *testing.T) {
	good := bytesOf(t, filled(100, 0.01))
	for _, c := range []struct {
		at    int
		value uint64
	}{
		{0, 0}, {0, binary.LittleEndian.Uint64(good) ^ 1<<24}, // another version
		{8, 0}, {8, 1 << 63}, {8, math.MaxUint64}, // capacity
		{16, 0}, {16, math.Float64bits(1)}, {16, math.Float64bits(-0.01)}, {16, math.Float64bits(math.NaN())},
		{16, math.Float64bits(math.Inf(1))}, {16, math.Float64bits(1e-300)},
		{24, 0}, {24, 2}, {24, 4}, {24, 1 << 40}, {24, 1 << 58}, {24, math.MaxUint64}, {24, 1<<58 + 3}, // blocks
	} {
		bad := bytes.Clone(good)
		binary.LittleEndian.PutUint64(bad[c.at:], c.value)
		require.ErrorIs(t, new(bloom.Filter).UnmarshalBinary(sealed(bad)), bloom.ErrFormat, "%d: %x", c.at, c.value)
	}
	for at, values := range map[int][]byte{4: {0, 1, 3, 5, 8, 255}, 5: {0, 1, 5, 255}, 6: {1}, 7: {1}} {
		for _, value := range values {
			bad := bytes.Clone(good)
			bad[at] = value
			require.ErrorIs(t, new(bloom.Filter).UnmarshalBinary(sealed(bad)), bloom.ErrFormat)
		}
	}
	require.ErrorIs(t, new(bloom.Filter).UnmarshalBinary(sealed(append(good[:32:32], make([]byte, 8)...))), bloom.ErrFormat, "no block")
	require.NoError(t, new(bloom.Filter).UnmarshalBinary(sealed(good)))
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	good := bytesOf(t, filled(100, 0.01))
	newer := bytes.Clone(good)
	newer[3]++
	require.EqualError(t, new(bloom.Filter).UnmarshalBinary(newer), "bloom: not a filter: of another version")
	good[40] ^= 1
	require.EqualError(t, new(bloom.Filter).UnmarshalBinary(good), "bloom: not a filter: wrong checksum")
}
