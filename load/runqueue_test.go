package load

import (
	"math"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// waits is a made-up histogram, with buckets of 10 ms up to 50 ms.
type waits struct {
	counts [7]uint64
	absent bool
}

var waitBounds = []float64{math.Inf(-1), 0, 0.01, 0.02, 0.03, 0.04, 0.05, math.Inf(1)}

func (w *waits) signal(delay time.Duration) *runQueue {
	return &runQueue{delay: delay.Seconds(), histogram: func() *metrics.Float64Histogram {
		if w.absent {
			return nil
		}
		return &metrics.Float64Histogram{Counts: slices.Clone(w.counts[:]), Buckets: waitBounds}
	}}
}

// add counts n waits, of which each lasted at least so long, and less than the next
// multiple of 10 ms.
func (w *waits) add(ms int, n uint64) { w.counts[1+ms/10] += n }

func readRunQueue(t *testing.T, q *runQueue) float64 {
	t.Helper()
	level, err := q.read()
	require.NoError(t, err)
	return level
}

func TestRunQueueIsTheNinetiethPercentileSinceTheLastReading(t *testing.T) {
	w := &waits{}
	q := w.signal(10 * time.Millisecond)
	w.add(40, 1000)
	require.Zero(t, readRunQueue(t, q), "what was before is unknown")
	require.Zero(t, readRunQueue(t, q), "nothing waited")

	w.add(0, 100)
	require.InDelta(t, 0.9, readRunQueue(t, q), 1e-9)
	w.add(0, 90)
	w.add(40, 10)
	require.InDelta(t, 1, readRunQueue(t, q), 1e-9)
	w.add(0, 80)
	w.add(30, 20)
	require.InDelta(t, 3.5, readRunQueue(t, q), 1e-9)
	require.Zero(t, readRunQueue(t, q))
}

func TestRunQueueIsAShareOfTheDelay(t *testing.T) {
	for delay, want := range map[time.Duration]float64{
		time.Millisecond: 29, 29 * time.Millisecond: 1, 58 * time.Millisecond: 0.5, 29 * time.Second: 0.001,
	} {
		w := &waits{}
		q := w.signal(delay)
		readRunQueue(t, q)
		w.add(20, 1<<40)
		require.InDelta(t, want, readRunQueue(t, q), 1e-9)
	}
}

func TestFewWaitsCountWithThoseThatFollow(t *testing.T) {
	w := &waits{}
	q := w.signal(10 * time.Millisecond)
	readRunQueue(t, q)
	for range 9 {
		w.add(40, 1)
		require.Zero(t, readRunQueue(t, q))
	}
	w.add(0, 1)
	require.InDelta(t, 4+8.0/9, readRunQueue(t, q), 1e-9)
	require.Zero(t, readRunQueue(t, q))
}

func TestWaitsOfUnboundedLength(t *testing.T) {
	w := &waits{}
	q := w.signal(10 * time.Millisecond)
	readRunQueue(t, q)
	w.counts[6] += 100
	require.InDelta(t, 5, readRunQueue(t, q), 1e-9, "as long as the histogram can tell")
	w.counts[0] += 100
	require.Zero(t, readRunQueue(t, q), "negative: a slip of the clock")
}

func TestRunQueueWithoutItsMetricIsAnError(t *testing.T) {
	w := &waits{absent: true}
	q := w.signal(10 * time.Millisecond)
	_, err := q.read()
	require.ErrorIs(t, err, errNoLatencies)
	w.absent = false
	require.Zero(t, readRunQueue(t, q))
	w.add(0, 50)
	w.absent = true
	_, err = q.read()
	require.ErrorIs(t, err, errNoLatencies)
	w.absent = false
	w.add(20, 50)
	require.InDelta(t, 2.8, readRunQueue(t, q), 1e-9, "what was counted meanwhile is not lost")
}

func TestHistogramThatShrinksGivesNoLevelOutOfBounds(t *testing.T) {
	w := &waits{}
	q := w.signal(10 * time.Millisecond)
	w.add(40, 100)
	readRunQueue(t, q)
	w.counts = [7]uint64{}
	w.add(0, 100)
	require.InDelta(t, 0.9, readRunQueue(t, q), 1e-9)
}

func TestTheRuntimeHasTheMetric(t *testing.T) {
	h := latencies()()
	require.NotNil(t, h)
	require.NotEmpty(t, h.Counts)
	require.Len(t, h.Buckets, len(h.Counts)+1)
	require.True(t, slices.IsSorted(h.Buckets))
	require.Zero(t, ninetieth(make([]uint64, len(h.Counts)), h.Buckets))
}

// The value found must be in the bucket in which, sorted, the value of that rank is.
func FuzzNinetiethPercentileLiesInTheBucketOfItsRank(f *testing.F) {
	f.Add([]byte{0, 10, 0, 0, 0, 0, 0})
	f.Add([]byte{1, 0, 2, 0, 3, 0, 4})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 255})
	f.Add([]byte{0, 27, 0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, counts []byte) {
		var hist [7]uint64
		var sorted []int // of each value, its bucket
		for i := range min(len(hist), len(counts)) {
			hist[i] = uint64(counts[i])
			sorted = append(sorted, slices.Repeat([]int{i}, int(counts[i]))...)
		}
		got := ninetieth(hist[:], waitBounds)
		if len(sorted) == 0 {
			require.Zero(t, got)
			return
		}
		bucket := sorted[(len(sorted)*9+9)/10-1]
		require.GreaterOrEqual(t, got, max(0, waitBounds[bucket])-1e-9)
		require.LessOrEqual(t, got, max(0, waitBounds[bucket+1])+1e-9)
	})
}

func TestReadingTheRunQueueAllocatesNothing(t *testing.T) {
	q := &runQueue{delay: 1, histogram: latencies()}
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if _, err := q.read(); err != nil {
			panic(err)
		}
	}))
}

func BenchmarkRunQueue(b *testing.B) {
	q := &runQueue{delay: 1, histogram: latencies()}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := q.read(); err != nil {
			b.Fatal(err)
		}
	}
}
