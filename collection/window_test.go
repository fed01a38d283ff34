package collection_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

const tick = 50 * time.Millisecond

func TestRollingWindowRefusesImpossibleArguments(t *testing.T) {
	const badBuckets = "collection: NewRollingWindow needs 1 to 65536 buckets"
	const badInterval = "collection: NewRollingWindow needs an interval of at least 1µs"
	for _, c := range []struct {
		buckets  int
		interval time.Duration
		want     string
	}{
		{0, time.Second, badBuckets},
		{-1, time.Second, badBuckets},
		{65537, time.Second, badBuckets},
		{math.MaxInt, time.Second, badBuckets},
		{math.MinInt, time.Second, badBuckets},
		{10, 0, badInterval},
		{10, -time.Second, badInterval},
		{10, 999 * time.Nanosecond, badInterval},
		{10, math.MinInt64, badInterval},
	} {
		require.PanicsWithValue(t, c.want, func() {
			collection.NewRollingWindow[int](c.buckets, c.interval)
		})
	}
}

func TestRollingWindowTakesTheSmallestAndTheLargestArguments(t *testing.T) {
	for _, buckets := range []int{1, 65536} {
		for _, interval := range []time.Duration{time.Microsecond, math.MaxInt64} {
			synctest.Test(t, func(t *testing.T) {
				w := collection.NewRollingWindow[int](buckets, interval)
				w.Add(3)
				require.Equal(t, one(3), w.Total())
				require.Len(t, list(w), buckets)
				require.Len(t, finishedSums(w), buckets-1)
			})
		}
	}
}

// The values and the sums are those of go-zero's own test.
func TestRollingWindowMovesOnByOneBucketPerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](3, tick)
		require.Equal(t, []int{0, 0, 0}, sums(w))
		w.Add(1)
		require.Equal(t, []int{0, 0, 1}, sums(w))
		time.Sleep(tick)
		w.Add(2)
		w.Add(3)
		require.Equal(t, []int{0, 1, 5}, sums(w))
		time.Sleep(tick)
		w.Add(4)
		w.Add(5)
		w.Add(6)
		require.Equal(t, []int{1, 5, 15}, sums(w))
		time.Sleep(tick)
		w.Add(7)
		require.Equal(t, []int{5, 15, 7}, sums(w))
	})
}

// Again the values of go-zero's test. It leaves out a quiet interval; here each
// bucket keeps the place of its age.
func TestRollingWindowExpiresWithoutAnyWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](3, tick)
		w.Add(1)
		time.Sleep(tick)
		require.Equal(t, []int{0, 1}, finishedSums(w))
		time.Sleep(tick)
		require.Equal(t, []int{1, 0}, finishedSums(w))
		time.Sleep(tick)
		require.Equal(t, []int{0, 0}, finishedSums(w))
		require.Zero(t, w.Total())

		w.Add(1)
		time.Sleep(10 * tick)
		require.Equal(t, []int{0, 0}, finishedSums(w))
		require.Zero(t, w.Total())
	})
}

func TestRollingWindowIgnoresTheCurrentBucketWhereAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[float64](4, tick)
		for x := range 4 {
			for i := range x + 1 {
				w.Add(float64(i))
			}
			if x < 3 {
				time.Sleep(tick)
			}
		}
		require.Equal(t, []float64{0, 1, 3, 6}, sums(w))
		require.Equal(t, 10.0, w.Total().Sum)
		require.Equal(t, []float64{0, 1, 3}, finishedSums(w))
		require.Equal(t, 4.0, w.IgnoreCurrent().Total().Sum)
	})
}

func TestRollingWindowKeepsToTheGridHoweverOddTheSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 30 * time.Millisecond
		w := collection.NewRollingWindow[int](3, interval)
		w.Add(1) // at 0
		time.Sleep(45 * time.Millisecond)
		w.Add(2) // at 45, in the second interval
		w.Add(3)
		require.Equal(t, []int{0, 1, 5}, sums(w))
		time.Sleep(20 * time.Millisecond)
		w.Add(4) // at 65, in the third
		w.Add(5)
		w.Add(6)
		require.Equal(t, []int{1, 5, 15}, sums(w))
		time.Sleep(100 * time.Millisecond)
		w.Add(7) // at 165, in the sixth
		require.Equal(t, []int{0, 0, 7}, sums(w))
	})
}

func TestRollingWindowIntervalBeginsWithItsFirstInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](2, tick)
		time.Sleep(tick - 1)
		w.Add(1)
		time.Sleep(time.Nanosecond)
		w.Add(2)
		require.Equal(t, []int{1, 2}, sums(w))
		time.Sleep(tick - 1)
		require.Equal(t, []int{1, 2}, sums(w))
		time.Sleep(time.Nanosecond)
		require.Equal(t, []int{2, 0}, sums(w))
	})
}

func TestRollingWindowOfOneBucketHoldsTheCurrentIntervalOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](1, tick)
		for range 5 {
			w.Add(4)
			w.Add(2)
			require.Equal(t, collection.Bucket[int]{Sum: 6, Count: 2, Min: 2, Max: 4}, w.Total())
			require.Zero(t, w.IgnoreCurrent().Total())
			require.Empty(t, finishedSums(w))
			time.Sleep(tick)
			require.Zero(t, w.Total())
		}
	})
}
