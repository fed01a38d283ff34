package suite

import (
	"fmt"
	"math"
	"runtime"
	"time"
)

// warmUp is how long a subject runs before it is measured for the first time.
const warmUp = 10 * time.Millisecond

// A Loop does n operations on the calling goroutine, and returns how many of
// them were not what the line is about: refused where it measures success, or
// admitted where it measures refusal. Loops run on several goroutines at a time.
type Loop func(n int) (odd int)

// Timed is a [Subject] whose operations are timed, and whose allocations are
// counted. A garbage collection runs before each measurement, so nobody pays for
// the garbage of the contender before.
//
// A measurement consists of laps of two milliseconds. Of laps during which
// threads of this program waited for a processor, because other programs had all
// of them, only those count that waited least; see [Sample]. So laps are chosen by
// what the system says about them, and never by how fast they were.
type Timed struct {
	// Prepare, if not nil, runs before each measurement and is not timed.
	Prepare func()
	Loop    Loop
	// Undo, if not nil, runs after each lap, and after each call of Loop that warms up,
	// and is not timed: it makes up for what the operations have changed.
	Undo func()
	// MayBeOdd is the share, 0 to 1, of operations that may be other than the
	// line is about. It is for subjects that decide by chance, or that let a
	// probe through now and then.
	MayBeOdd float64

	chunk int // operations that take about chunkTime, 0 before the first measurement
}

// Measure implements [Subject]. It fails if more operations than MayBeOdd allows
// were other than they should be.
func (t *Timed) Measure(s Setting) (Sample, error) {
	if t.Prepare != nil {
		t.Prepare()
	}
	if t.chunk == 0 {
		t.chunk = 1
		t.warm()
	}
	runtime.GC()
	var laps []lap
	for range max(1, int(s.Time/lapTime)) {
		laps = append(laps, t.lap(s.CPUs))
		t.undo()
	}

	all := sum(laps)
	if share := float64(all.odd) / float64(all.ops); share > t.MayBeOdd {
		return Sample{}, fmt.Errorf("%.3g %% of %d operations did not do the work of this line, %.3g %% may",
			100*share, all.ops, 100*t.MayBeOdd)
	}
	calm := sum(calmest(laps, s.CPUs))
	return Sample{
		NsPerOp:     float64(calm.took) / float64(calm.ops),
		BytesPerOp:  math.Round(float64(all.bytes) / float64(all.ops)),
		AllocsPerOp: perOp(all.mallocs, all.ops),
		Waited:      float64(all.waited) / float64(all.took) / float64(s.CPUs),
	}, nil
}

func (t *Timed) undo() {
	if t.Undo != nil {
		t.Undo()
	}
}

// perOp leaves two digits behind the point: that hides what the runtime allocates
// for itself now and then, and nothing that happens once in a hundred operations.
func perOp(mallocs uint64, ops int) float64 {
	return math.Round(100*float64(mallocs)/float64(ops)) / 100
}

// warm finds the size of a chunk. The best of many attempts decides, so that a
// busy system does not make chunks too short.
func (t *Timed) warm() {
	best := math.Inf(1) // nanoseconds per operation
	for start := time.Now(); ; {
		began := time.Now()
		t.Loop(t.chunk)
		took := time.Since(began)
		t.undo()
		best = min(best, float64(took)/float64(t.chunk))
		if took < chunkTime {
			t.chunk *= 2
		} else if time.Since(start) >= warmUp {
			t.chunk = max(1, int(float64(chunkTime)/best))
			return
		}
	}
}
