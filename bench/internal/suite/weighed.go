package suite

import "runtime"

// Weighed is a [Subject] whose live heap is measured. It times nothing.
type Weighed struct {
	// Instances is how many are made at a time; their weight is shared out.
	Instances int
	// Make makes one of them and uses it as its users would.
	Make func() any
}

// Measure implements [Subject]. What the instances put into a sync.Pool counts:
// one garbage collection, which is all that runs before they are weighed, leaves
// pools alone.
func (w Weighed) Measure(Setting) (Sample, error) {
	keep := make([]any, w.Instances)
	before := LiveHeap()
	for i := range keep {
		keep[i] = w.Make()
	}
	runtime.GC()
	after := liveHeap()
	runtime.KeepAlive(keep)
	grown := max(0, int64(after)-int64(before))
	return Sample{HeapBytes: float64(grown) / float64(w.Instances)}, nil
}

// LiveHeap returns how many bytes of heap are in use, after it has collected what
// is not, also from each sync.Pool.
func LiveHeap() uint64 {
	for range 3 {
		runtime.GC() // the first two empty the pools, the third frees what was in them
	}
	return liveHeap()
}

// liveHeap is exact right after a garbage collection.
func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
