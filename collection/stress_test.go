package collection_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

const writers = 64

// together runs a func in as many goroutines as there are writers, while read
// runs over and over in two more, and once again at the end.
func together(write func(id int), read func()) {
	var writing, reading sync.WaitGroup
	var over atomic.Bool
	for id := range writers {
		writing.Go(func() { write(id) })
	}
	for range 2 {
		reading.Go(func() {
			for !over.Load() {
				read()
				runtime.Gosched()
			}
		})
	}
	writing.Wait()
	over.Store(true)
	reading.Wait()
	read()
}

// The window is long enough for nothing to leave it, while it goes on by one
// bucket every millisecond, so that writers and readers meet at the edges.
func TestRollingWindowLosesNothingAcrossRotations(t *testing.T) {
	const each = 2000
	w := collection.NewRollingWindow[int64](65536, time.Millisecond)
	var began, done, failed atomic.Int64
	start := time.Now()
	together(func(id int) {
		r := rand.New(rand.NewPCG(4, uint64(id)))
		for range each {
			began.Add(1)
			w.Add(7)
			done.Add(1)
			if r.IntN(50) == 0 {
				time.Sleep(time.Duration(r.IntN(2000)) * time.Microsecond)
			}
		}
	}, func() {
		least := done.Load()
		b := w.Total()
		most := began.Load()
		// A value under way may be in Sum and not yet in Count.
		if b.Count < least || b.Count > most || b.Sum < 7*b.Count || b.Sum > 7*most ||
			b.Count > 0 && (b.Min != 7 || b.Max != 7) {
			failed.Add(1)
		}
	})
	require.Less(t, time.Since(start), time.Minute, "the window was too short for this machine")
	require.Zero(t, failed.Load(), "reads outside of what had been written")
	const all = writers * each
	require.Equal(t, collection.Bucket[int64]{Sum: 7 * all, Count: all, Min: 7, Max: 7}, w.Total())
	require.True(t, w.AtRest())
}

// A window of a few microseconds makes every writer meet recycled cells, and be
// stopped for whole laps now and then.
func TestRollingWindowStaysExactWhenLapsAreShorterThanTimeSlices(t *testing.T) {
	for _, buckets := range []int{1, 2, 5} {
		w := collection.NewRollingWindow[float64](buckets, time.Microsecond)
		var began, failed atomic.Int64
		together(func(int) {
			for range 3000 {
				began.Add(1)
				w.Add(3)
			}
		}, func() {
			for b := range w.Buckets() {
				if b.Count > 0 && (b.Min != 3 || b.Max != 3) || b.Sum < 3*float64(b.Count) {
					failed.Add(1)
				}
			}
			if w.Total().Count > began.Load() {
				failed.Add(1)
			}
		})
		require.Zero(t, failed.Load())
		require.True(t, w.AtRest())
		time.Sleep(time.Duration(buckets) * time.Microsecond)
		require.Zero(t, w.Total())
	}
}

// In a bubble the clock moves only when all writers sleep, so that each round of
// writes falls into a known bucket, whoever of the writers is first to open it.
func TestRollingWindowGivesEachRoundOfManyWritersItsBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const buckets, rounds = 5, 40
		w := collection.NewRollingWindow[int](buckets, tick)
		for round := range rounds {
			var wg sync.WaitGroup
			for id := range writers {
				wg.Go(func() {
					for range 20 {
						w.Add(id)
						w.Total()
					}
				})
			}
			wg.Wait()
			want := collection.Bucket[int]{
				Sum: 20 * writers * (writers - 1) / 2, Count: 20 * writers, Min: 0, Max: writers - 1,
			}
			got := list(w)
			for age := range buckets {
				if age <= round {
					require.Equal(t, want, got[buckets-1-age])
				}
			}
			time.Sleep(tick)
		}
	})
}

func TestRollingWindowReadersOfOneBucketSeeCountsGrow(t *testing.T) {
	w := collection.NewRollingWindow[uint32](2, time.Hour)
	var failed atomic.Int64
	var last int64 // guarded by checking
	var checking sync.Mutex
	together(func(id int) {
		for range 2000 {
			w.Add(uint32(id))
		}
	}, func() {
		if !checking.TryLock() {
			return
		}
		defer checking.Unlock()
		if n := w.Total().Count; n < last {
			failed.Add(1)
		} else {
			last = n
		}
	})
	require.Zero(t, failed.Load())
	require.Equal(t, int64(writers*2000), w.Total().Count)
}
