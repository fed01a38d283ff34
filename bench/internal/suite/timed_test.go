package suite_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/suite"
)

var sink atomic.Pointer[[64]byte]

var quick = suite.Setting{CPUs: 2, Time: 20 * time.Millisecond}

// Each operation sleeps, so none can be faster than that however busy the
// machine is, and two goroutines do twice as many in the same time.
func TestTimedDividesWallTimeByTheOperationsOfAllGoroutines(t *testing.T) {
	var ops atomic.Int64
	subject := &suite.Timed{Loop: func(n int) int {
		ops.Add(int64(n))
		time.Sleep(time.Duration(n) * time.Millisecond)
		return 0
	}}
	_, err := subject.Measure(quick) // warms up
	require.NoError(t, err)
	ops.Store(0)
	start := time.Now()
	s, err := subject.Measure(quick)
	took := time.Since(start)
	require.NoError(t, err)
	require.GreaterOrEqual(t, s.NsPerOp, 0.49e6, "two goroutines, 1 ms each")
	require.LessOrEqual(t, s.NsPerOp*float64(ops.Load()), float64(took.Nanoseconds()))
}

func TestTimedCountsAllocations(t *testing.T) {
	subject := &suite.Timed{Loop: func(n int) int {
		for range n {
			sink.Store(new([64]byte))
		}
		return 0
	}}
	s, err := subject.Measure(quick)
	require.NoError(t, err)
	require.Equal(t, 1.0, s.AllocsPerOp)
	require.Equal(t, 64.0, s.BytesPerOp)
}

func TestTimedSeesAnAllocationInEveryTenthOperation(t *testing.T) {
	subject := &suite.Timed{Loop: func(n int) int {
		for range (n + 9) / 10 {
			sink.Store(new([64]byte))
		}
		return 0
	}}
	s, err := subject.Measure(quick)
	require.NoError(t, err)
	require.Positive(t, s.AllocsPerOp)
}

func TestTimedCallsAnEmptyLoopFreeOfAllocations(t *testing.T) {
	subject := &suite.Timed{Loop: func(n int) int {
		for range n {
			sink.Load()
		}
		return 0
	}}
	s, err := subject.Measure(quick)
	require.NoError(t, err)
	require.Zero(t, s.AllocsPerOp)
}

func TestTimedFailsWhenMoreIsOddThanMayBe(t *testing.T) {
	half := func(n int) int { return (n + 1) / 2 }
	for name, c := range map[string]struct {
		mayBeOdd float64
		fails    bool
	}{
		"nothing may": {0, true},
		"less may":    {0.4, true},
		"all may":     {1, false},
	} {
		_, err := (&suite.Timed{Loop: half, MayBeOdd: c.mayBeOdd}).Measure(quick)
		require.Equal(t, c.fails, err != nil, name)
	}
}

func TestTimedPreparesBeforeEachMeasurement(t *testing.T) {
	prepared, ready := 0, false
	subject := &suite.Timed{
		Prepare: func() { prepared++; ready = true },
		Loop: func(n int) int {
			if !ready {
				return n
			}
			return 0
		},
	}
	for range 3 {
		_, err := subject.Measure(quick)
		require.NoError(t, err)
		ready = false
	}
	require.Equal(t, 3, prepared)
}

func TestWeighedSharesOutTheHeapThatInstancesHold(t *testing.T) {
	type instance struct{ data []byte }
	subject := suite.Weighed{Instances: 100, Make: func() any {
		_ = make([]byte, 1<<16) // garbage is not weighed
		return &instance{make([]byte, 1<<16)}
	}}
	s, err := subject.Measure(suite.Setting{})
	require.NoError(t, err)
	require.InDelta(t, 1<<16, s.HeapBytes, 1<<12)
}

func TestTimedUndoesAfterEachLap(t *testing.T) {
	done, undone := 0, 0
	subject := &suite.Timed{
		Loop: func(n int) int { done += n; return 0 },
		Undo: func() { undone += done; done = 0 },
	}
	_, err := subject.Measure(suite.Setting{CPUs: 1, Time: 20 * time.Millisecond})
	require.NoError(t, err)
	require.Zero(t, done)
	require.Positive(t, undone)
}
