package collection_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func newWheelOf[K comparable]() *collection.TimingWheel[K, int] {
	return collection.NewTimingWheel(collection.WheelOptions[K, int]{OnFire: func(K, int) {}})
}

func TestWheelRefusesKeysThatItCouldNotFindAgain(t *testing.T) {
	type pair struct {
		name  string
		value float64
	}
	nan := math.NaN()
	floats := newWheelOf[float64]()
	require.ErrorIs(t, floats.Set(nan, 1, time.Hour), collection.ErrKey)
	require.False(t, floats.Move(nan, time.Hour))
	_, ok := floats.Remove(nan)
	require.False(t, ok)
	require.Zero(t, floats.Len())
	require.ErrorIs(t, newWheelOf[pair]().Set(pair{"a", nan}, 1, time.Hour), collection.ErrKey)
	require.ErrorIs(t, newWheelOf[any]().Set(nan, 1, time.Hour), collection.ErrKey)

	require.NoError(t, floats.Set(0, 1, time.Hour))
	_, ok = floats.Remove(math.Copysign(0, -1))
	require.True(t, ok, "the two zeros are equal")
}

// The panic is that of a map, at the call, and leaves nothing locked.
func TestWheelPanicsForKeysThatCannotBeHashed(t *testing.T) {
	w := newWheelOf[any]()
	bad := []int{1}
	for range 2 {
		require.Panics(t, func() { _ = w.Set(bad, 1, time.Hour) })
		require.Panics(t, func() { w.Move(bad, time.Hour) })
		require.Panics(t, func() { w.Remove([1]any{bad}) })
	}
	require.NoError(t, w.Set("good", 1, time.Hour))
	require.NoError(t, w.Set(7, 1, time.Hour))
	require.NoError(t, w.Set(int64(7), 1, time.Hour))
	require.Equal(t, 3, w.Len())
	for _, k := range []any{"good", 7, int64(7)} {
		_, ok := w.Remove(k)
		require.True(t, ok, "%T", k)
	}
}

func keepsKeys[K comparable](t *testing.T, key func(i int) K) {
	r := rand.New(rand.NewPCG(1, 9))
	x, model := collection.NewIndex[K](), map[K]int{}
	var keys []K
	most, longest := 0, 0
	for phase, size := range []int{3000, 10, 5000, 0, 2000, 0} {
		for len(keys) != size {
			if len(keys) < size || r.IntN(4) == 0 {
				k := key(r.IntN(1 << 14))
				v, ok := x.Find(k)
				want, has := model[k]
				require.Equal(t, has, ok)
				require.Equal(t, want, v)
				if !has {
					x.Add(k, phase)
					model[k] = phase
					keys = append(keys, k)
				}
			} else {
				i := r.IntN(len(keys))
				x.Remove(keys[i])
				delete(model, keys[i])
				keys[i] = keys[len(keys)-1]
				keys = keys[:len(keys)-1]
			}
		}
		for k, v := range model {
			got, ok := x.Find(k)
			require.True(t, ok)
			require.Equal(t, v, got)
		}
		n, l := x.Buckets()
		require.GreaterOrEqual(t, n, 2*size)
		require.LessOrEqual(t, n, max(128, 8*size))
		most, longest = max(most, n), max(longest, l)
	}
	require.GreaterOrEqual(t, most, 2*5000)
	require.LessOrEqual(t, longest, 12, "hashes crowd")
}

type named int

func TestWheelFindsKeysOfAnyKind(t *testing.T) {
	t.Run("int", func(t *testing.T) { keepsKeys(t, func(i int) int { return i - 1<<13 }) })
	t.Run("uint64", func(t *testing.T) { keepsKeys(t, func(i int) uint64 { return uint64(i) << 40 }) })
	t.Run("int64", func(t *testing.T) { keepsKeys(t, func(i int) int64 { return int64(i) * 64 }) })
	t.Run("uint32", func(t *testing.T) { keepsKeys(t, func(i int) uint32 { return uint32(i) * 1000 }) })
	t.Run("int32", func(t *testing.T) { keepsKeys(t, func(i int) int32 { return int32(i) << 10 }) })
	t.Run("uint", func(t *testing.T) { keepsKeys(t, func(i int) uint { return uint(i) }) })
	t.Run("uintptr", func(t *testing.T) { keepsKeys(t, func(i int) uintptr { return uintptr(i) * 8 }) })
	t.Run("named", func(t *testing.T) { keepsKeys(t, func(i int) named { return named(i) }) })
	t.Run("string", func(t *testing.T) { keepsKeys(t, strconv.Itoa) })
	t.Run("struct", func(t *testing.T) {
		keepsKeys(t, func(i int) struct{ a, b int16 } { return struct{ a, b int16 }{int16(i & 7), int16(i >> 3)} })
	})
	t.Run("any", func(t *testing.T) {
		keepsKeys(t, func(i int) any {
			if i%2 == 0 {
				return i
			}
			return strconv.Itoa(i)
		})
	})
}

// Neighbours share cache lines: two blocks of 64 numbers have the hashes of two
// blocks, in which they are as close as they were.
func TestWheelKeepsNeighboursTogether(t *testing.T) {
	x := collection.NewIndex[int]()
	var keys []int
	for i := range 128 {
		keys = append(keys, 6400+i)
	}
	hashes := x.Hashes(keys...)
	blocks := map[uint32]int{}
	for _, h := range hashes {
		blocks[h>>6]++
	}
	require.LessOrEqual(t, len(blocks), 2)
	require.Len(t, hashes, 128)
}
