package suite

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// A lap is shorter than the slices of time that a system gives to programs
	// which compete, so that some laps are undisturbed even on a busy machine.
	lapTime = 2 * time.Millisecond
	// A goroutine looks at the clock once per chunk: seldom enough that looking
	// costs nothing, often enough that all goroutines end a lap together.
	chunkTime = 20 * time.Microsecond
	// calm is the share of a lap's processor time, 0 to 1, that threads may have
	// waited without the lap counting as disturbed.
	calm = 0.02
)

// lap is what happened while a loop ran for lapTime, or the sum of several.
type lap struct {
	took    time.Duration // wall time
	waited  time.Duration // of all threads together, ready to run and not running
	ops     int
	odd     int
	mallocs uint64
	bytes   uint64
}

// lap runs the loop on so many goroutines at once. They exist before the clock
// starts and allocations are counted, and wait by spinning: waking them up would
// take a good part of the lap.
func (t *Timed) lap(cpus int) lap {
	var workers sync.WaitGroup
	var start time.Time // set before started
	var started atomic.Bool
	results := make([]lap, cpus)
	for i := range results {
		workers.Go(func() {
			for !started.Load() {
				runtime.Gosched()
			}
			results[i] = t.work(start)
		})
	}
	waited := processorWait()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start = time.Now()
	started.Store(true)
	workers.Wait()
	runtime.ReadMemStats(&after)

	all := sum(results)
	all.waited = processorWait() - waited
	all.mallocs = after.Mallocs - before.Mallocs
	all.bytes = after.TotalAlloc - before.TotalAlloc
	all.took = 0
	for _, r := range results {
		all.took = max(all.took, r.took)
	}
	return all
}

// work runs the loop until lapTime has passed since start, once at least.
func (t *Timed) work(start time.Time) (l lap) {
	for l.took < lapTime {
		l.odd += t.Loop(t.chunk)
		l.ops += t.chunk
		l.took = time.Since(start)
	}
	return l
}

func sum(laps []lap) (all lap) {
	for _, l := range laps {
		all.took += l.took
		all.waited += l.waited
		all.ops += l.ops
		all.odd += l.odd
		all.mallocs += l.mallocs
		all.bytes += l.bytes
	}
	return all
}

// calmest returns the laps that were not disturbed, but at least the quarter of
// them that waited least.
func calmest(laps []lap, cpus int) []lap {
	sorted := slices.SortedFunc(slices.Values(laps), func(a, b lap) int { return cmp.Compare(a.waited, b.waited) })
	limit := max(sorted[(len(sorted)-1)/4].waited, time.Duration(calm*float64(cpus)*float64(lapTime)))
	n := 0
	for n < len(sorted) && sorted[n].waited <= limit {
		n++
	}
	return sorted[:n]
}
