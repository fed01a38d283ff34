package collection_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestRollingWindowLetsTheLoopBodyUseTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](4, tick)
		w.Add(1)
		for b := range w.Buckets() {
			w.Add(10)
			require.LessOrEqual(t, b.Count, w.Total().Count)
		}
		require.Equal(t, 41, w.Total().Sum)
	})
}

func TestRollingWindowLoopMayBreak(t *testing.T) {
	w := collection.NewRollingWindow[int](4, time.Hour)
	seen := 0
	for range w.Buckets() {
		if seen++; seen == 2 {
			break
		}
	}
	for range w.IgnoreCurrent().Buckets() {
		if seen++; seen == 4 {
			break
		}
	}
	require.Equal(t, 4, seen)
}

// A mutex held across the loop would make the writer wait: the bubble would hang.
func TestRollingWindowWriterNeverWaitsForASlowLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](3, tick)
		entered := make(chan struct{})
		looped := make(chan struct{})
		go func() {
			defer close(looped)
			for range w.Buckets() {
				entered <- struct{}{}
				time.Sleep(time.Hour)
			}
		}()
		<-entered
		start := time.Now()
		w.Add(1)
		require.Equal(t, 1, w.Total().Sum)
		require.Zero(t, time.Since(start))
		<-entered
		<-entered
		<-looped
	})
}

func TestRollingWindowLoopFindsABucketEmptyOnlyIfItWasTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](3, tick)
		w.Add(1)
		time.Sleep(tick)
		w.Add(2)
		time.Sleep(tick)
		w.Add(3)
		var got []int
		for b := range w.Buckets() {
			got = append(got, b.Sum)
			if len(got) == 1 {
				time.Sleep(2 * tick)
				w.Add(7) // takes over the bucket of the 2, not that of the 3
			}
		}
		require.Equal(t, []int{1, 0, 3}, got)
		require.Equal(t, []int{3, 0, 7}, sums(w))
	})
}

func TestRollingWindowCallsAllocateNothing(t *testing.T) {
	w := collection.NewRollingWindow[float64](40, 20*time.Microsecond)
	var sum float64
	for what, call := range map[string]func(){
		"Add":                   func() { w.Add(1) },
		"Total":                 func() { sum += w.Total().Sum },
		"IgnoreCurrent.Total":   func() { sum += w.IgnoreCurrent().Total().Sum },
		"IgnoreCurrent.Buckets": func() { sum += add(w.IgnoreCurrent()) },
		"Buckets": func() {
			for b := range w.Buckets() {
				sum += b.Sum
			}
		},
	} {
		require.Zero(t, testing.AllocsPerRun(2000, call), what)
	}
}

func add(v collection.WindowView[float64]) (sum float64) {
	for b := range v.Buckets() {
		sum += b.Sum
	}
	return sum
}
