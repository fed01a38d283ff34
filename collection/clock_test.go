package collection_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestRollingWindowAddsUpWhileTimeStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](3, tick)
		for i := 1; i <= 10_000; i++ {
			w.Add(1)
			require.EqualValues(t, i, w.Total().Count)
		}
	})
}

func TestRollingWindowStillCountsAfterACentury(t *testing.T) {
	const year = 365 * 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](3, time.Millisecond)
		for range 10 {
			time.Sleep(10*year + time.Nanosecond)
			require.Zero(t, w.Total())
			w.Add(1)
			time.Sleep(time.Millisecond)
			w.Add(2)
			require.Equal(t, []int{0, 1, 2}, sums(w))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](3, time.Microsecond)
		time.Sleep(8 * year)
		w.Add(1)
		time.Sleep(time.Microsecond)
		w.Add(2)
		require.Equal(t, []int{0, 1, 2}, sums(w))
		require.Equal(t, int64(2), w.Total().Count)
	})
}

func TestRollingWindowFromOutsideABubbleDoesNoHarmInside(t *testing.T) {
	w := collection.NewRollingWindow[int](3, time.Hour)
	w.Add(1)
	synctest.Test(t, func(t *testing.T) {
		w.Add(2)
		require.Zero(t, w.Total())
		require.Equal(t, []int{0, 0, 0}, sums(w))
	})
	w.Add(3)
	require.Equal(t, 4, w.Total().Sum)
}
