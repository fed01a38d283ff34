package load

import (
	"errors"
	"math"
	"runtime/metrics"
	"slices"
	"sync"
	"time"
)

const (
	latencyMetric = "/sched/latencies:seconds"
	// Of fewer waits than these, the 90th percentile is but the longest.
	fewWaits = 10
)

var errNoLatencies = errors.New("load: the runtime has no histogram " + latencyMetric)

// RunQueue is the signal of how long goroutines that could run wait until they
// do: the 90th percentile since the last reading, divided by delay. 0 means 10 ms;
// it panics on a negative delay. It shows an overload sooner than [CPU] does, and
// unlike that also one that others on the same machine bring about.
//
// The runtime times one wait in eight. Fewer than ten of these say little; they
// count with those of the next reading, and until then the level is 0, as it is
// when nothing waited. The first reading is 0.
//
// Signals share nothing. Two shedders may have the same one.
func RunQueue(delay time.Duration) Signal {
	if delay < 0 {
		panic("load: RunQueue needs a delay that is not negative")
	}
	if delay == 0 {
		delay = 10 * time.Millisecond
	}
	q := &runQueue{delay: delay.Seconds(), histogram: latencies()}
	return Signal{Name: "run-queue", Read: q.read}
}

type runQueue struct {
	delay     float64                          // in seconds
	histogram func() *metrics.Float64Histogram // of all waits so far, nil if there is none

	mu     sync.Mutex // guards what follows, and what histogram returns
	before []uint64   // the counts that were reported already
	gained []uint64   // the counts since then
}

// latencies returns a func that asks the runtime. Each call overwrites what the
// last one returned.
func latencies() func() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: latencyMetric}}
	return func() *metrics.Float64Histogram {
		metrics.Read(sample)
		if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
			return nil
		}
		return sample[0].Value.Float64Histogram()
	}
}

func (q *runQueue) read() (float64, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.histogram()
	if h == nil {
		return 0, errNoLatencies
	}
	if q.before == nil {
		q.before = slices.Clone(h.Counts)
		q.gained = make([]uint64, len(h.Counts))
		return 0, nil
	}
	if q.gain(h.Counts) < fewWaits {
		return 0, nil
	}
	copy(q.before, h.Counts)
	return ninetieth(q.gained, h.Buckets) / q.delay, nil
}

// gain finds what was counted since the last report, and returns how much it is.
func (q *runQueue) gain(counts []uint64) (total uint64) {
	for i, n := range counts {
		q.gained[i] = n - min(n, q.before[i])
		total += q.gained[i]
	}
	return total
}

// ninetieth returns below what nine tenths of a histogram lie. The values of a bucket
// are taken to be spread evenly over it; where it has no upper bound, to be at the
// lower one. A negative duration is a slip of the clock, and counts as 0.
func ninetieth(counts []uint64, bounds []float64) float64 {
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	rank := 0.9 * float64(total)
	for i, n := range counts {
		rank -= float64(n)
		if n == 0 || rank > 0 {
			continue
		}
		low, high := max(0, bounds[i]), max(0, bounds[i+1])
		if math.IsInf(high, 1) {
			return low
		}
		above := -rank / float64(n) // the share of the bucket that lies above
		return high - (high-low)*above
	}
	return 0
}
