package collection_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// sumUp adds the values to a window that nothing leaves.
func sumUp[T collection.Number](values ...T) collection.Bucket[T] {
	w := collection.NewRollingWindow[T](2, 1000*time.Hour)
	for _, v := range values {
		w.Add(v)
	}
	return w.Total()
}

func extremes[T collection.Number](t *testing.T, values ...T) {
	t.Helper()
	want := collection.Bucket[T]{}
	for _, v := range values {
		require.Equal(t, one(v), sumUp(v))
		want = join(want, one(v))
	}
	require.Equal(t, want, sumUp(values...))
}

func TestRollingWindowHoldsEveryKindOfNumberToItsExtremes(t *testing.T) {
	type celsius float32
	extremes[int](t, 0, -1, 1, math.MinInt, math.MaxInt)
	extremes[int8](t, 0, -1, 1, math.MinInt8, math.MaxInt8)
	extremes[int16](t, 0, -1, 1, math.MinInt16, math.MaxInt16)
	extremes[int32](t, 0, -1, 1, math.MinInt32, math.MaxInt32)
	extremes[int64](t, 0, -1, 1, math.MinInt64, math.MaxInt64)
	extremes[time.Duration](t, 0, -1, 1, math.MinInt64, math.MaxInt64)
	extremes[uint](t, 0, 1, math.MaxUint)
	extremes[uint8](t, 0, 1, math.MaxUint8)
	extremes[uint16](t, 0, 1, math.MaxUint16)
	extremes[uint32](t, 0, 1, math.MaxUint32)
	extremes[uint64](t, 0, 1, math.MaxUint64)
	extremes[uintptr](t, 0, 1, ^uintptr(0))
	extremes[float32](t, 0, -1.5, 1.5, 65536)
	extremes[celsius](t, -273.125, 0, 36.625)
	extremes[float64](t, 0, -1.5, 1.5, 1<<40)
	extremes[float64](t, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64)
}

func TestRollingWindowSumOfIntegersWraps(t *testing.T) {
	require.Equal(t, uint8(44), sumUp[uint8](100, 200).Sum)
	require.Equal(t, int8(-56), sumUp[int8](100, 100).Sum)
	require.Equal(t, int64(math.MinInt64), sumUp[int64](math.MaxInt64, 1).Sum)
	require.Equal(t, uint64(1), sumUp[uint64](math.MaxUint64, 2).Sum)
}

func TestRollingWindowSumsFloat32InFloat64(t *testing.T) {
	values := make([]float32, 1001)
	values[0] = 1 << 24 // where a float32 has no room for one more
	for i := range values[1:] {
		values[1+i] = 1
	}
	require.Equal(t, float32(1<<24+1000), sumUp(values...).Sum)
	require.Equal(t, float32(math.Inf(1)), sumUp[float32](math.MaxFloat32, math.MaxFloat32).Sum)
}

func TestRollingWindowTreatsInfinitiesAsNumbers(t *testing.T) {
	inf := math.Inf(1)
	require.Equal(t, collection.Bucket[float64]{Sum: inf, Count: 2, Min: 1, Max: inf}, sumUp(1, inf))
	require.Equal(t, collection.Bucket[float64]{Sum: -inf, Count: 2, Min: -inf, Max: 1}, sumUp(1, -inf))
	both := sumUp(inf, -inf)
	require.True(t, math.IsNaN(both.Sum))
	require.Equal(t, []float64{-inf, inf}, []float64{both.Min, both.Max})
}

func TestRollingWindowExtremesPassOverNaN(t *testing.T) {
	nan := math.NaN()
	negative := math.Float64frombits(math.Float64bits(nan) | 1<<63)
	b := sumUp(nan, 3, negative, -2, nan)
	require.True(t, math.IsNaN(b.Sum))
	require.Equal(t, int64(5), b.Count)
	require.Equal(t, []float64{-2, 3}, []float64{b.Min, b.Max})

	b = sumUp(nan, negative)
	require.Equal(t, int64(2), b.Count)
	require.True(t, math.IsNaN(b.Sum) && math.IsNaN(b.Min) && math.IsNaN(b.Max))
	require.True(t, sumUp(float32(nan)).Min != 0)
}

func TestRollingWindowOrdersNegativeZeroBelowZero(t *testing.T) {
	negative := math.Copysign(0, -1)
	b := sumUp(0, negative)
	require.True(t, math.Signbit(b.Min))
	require.False(t, math.Signbit(b.Max))
}
func TestRollingWindowIsWellAgainOnceANaNHasLeftIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[float64](3, tick)
		w.Add(math.NaN())
		w.Add(math.Inf(1))
		time.Sleep(tick)
		w.Add(2)
		require.True(t, math.IsNaN(w.Total().Sum))
		time.Sleep(2 * tick)
		require.Equal(t, one(2.0), w.Total())
	})
}
