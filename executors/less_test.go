package executors_test

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

func TestLessRunsAtMostOncePerInterval(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ran := 0
		l := executors.NewLess(time.Second)
		do := func() bool { return l.Do(func() { ran++ }) }
		require.True(t, do(), "the first call runs")
		require.False(t, do())
		time.Sleep(time.Second - 1)
		require.False(t, do())
		time.Sleep(time.Nanosecond)
		require.True(t, do())
		time.Sleep(1500 * time.Millisecond)
		require.True(t, do())
		time.Sleep(time.Second - 1)
		require.False(t, do(), "an interval counts from the last run")
		require.Equal(t, 3, ran)
	})
}

// The callers go from one Less to the next side by side, so that they meet between the
// look at the clock and the note that somebody runs.
func TestOfManyCallersAtOnceOneRuns(t *testing.T) {
	const callers, rounds = 2, 100_000
	var ran, arrived atomic.Int64
	all := make([]*executors.Less, rounds)
	for i := range all {
		all[i] = executors.NewLess(time.Hour)
	}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i, l := range all {
				arrived.Add(1)
				for looks := 0; arrived.Load() < int64(callers*(i+1)); looks++ {
					if looks > 1000 {
						runtime.Gosched()
					}
				}
				l.Do(func() { ran.Add(1) })
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, rounds, ran.Load())
}

func TestFunctionThatPanicsHasRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := executors.NewLess(time.Second)
		require.PanicsWithValue(t, "user", func() { l.Do(func() { panic("user") }) })
		require.False(t, l.Do(func() {}))
		time.Sleep(time.Second)
		require.True(t, l.Do(func() {}))
	})
}

func TestLessDoesNotWaitForAFunctionThatRuns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := executors.NewLess(time.Second)
		go l.Do(func() { time.Sleep(time.Hour) })
		synctest.Wait()
		require.False(t, l.Do(func() {}))
		time.Sleep(time.Second)
		require.True(t, l.Do(func() {}))
		time.Sleep(time.Hour)
	})
}

func TestImpossibleLess(t *testing.T) {
	for _, d := range []time.Duration{0, -1} {
		require.PanicsWithValue(t, "executors: the interval of a Less must be positive", func() { executors.NewLess(d) })
	}
	require.PanicsWithValue(t, "executors: Less.Do with a nil func", func() { executors.NewLess(1).Do(nil) })
}

func TestLongestIntervalDoesNotOverflow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := executors.NewLess(math.MaxInt64)
		time.Sleep(time.Hour)
		require.True(t, l.Do(func() {}))
		require.False(t, l.Do(func() {}))
	})
}
