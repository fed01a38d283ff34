package mr_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

// timeOn is how long items of a slice take that sleep for so long.
func timeOn(t *testing.T, run sliceFunc, workers int, sleeps []time.Duration) time.Duration {
	t.Helper()
	var called atomic.Int64
	start := time.Now()
	require.NoError(t, run(t.Context(), upTo(len(sleeps)), func(_ context.Context, i int) error {
		called.Add(1)
		if sleeps[i] > 0 {
			time.Sleep(sleeps[i])
		}
		return nil
	}, mr.Options{Workers: workers}))
	require.EqualValues(t, len(sleeps), called.Load())
	return time.Since(start)
}

// rounds is how long so many items of a second take at best.
func rounds(items, workers int) time.Duration {
	return time.Duration((items+workers-1)/workers) * time.Second
}

func TestSlowItemsOfASliceTakeNoLongerThanTheyMust(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		require.Equal(t, 16*time.Second, timeOn(t, run, 16, slices.Repeat([]time.Duration{time.Second}, 256)))
	})
}

func TestASlowItemOfASliceHoldsUpNoOther(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		for at := 0; at < 10_000; at += 97 {
			sleeps := make([]time.Duration, 10_000)
			sleeps[at] = time.Second
			require.Equal(t, time.Second, timeOn(t, run, 4, sleeps), "at %d", at)
		}
	})
}

// What was begun together is late by the first item of it, and no more.
func TestASlowStretchOfASliceIsSharedWhereverItLies(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		const n, workers = 10_000, 16
		for _, slow := range []int{2, 16, 100, 1000} {
			for at := 0; at < n; at += 499 {
				sleeps := make([]time.Duration, n)
				for i := at; i < min(at+slow, n); i++ {
					sleeps[i] = time.Second
				}
				best := rounds(min(slow, n-at), workers)
				require.LessOrEqual(t, timeOn(t, run, workers, sleeps), best+time.Second, "%d at %d", slow, at)
			}
		}
	})
}

func TestSlowItemsThatAreScatteredOverASliceAreShared(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		for seed := range uint64(200) {
			rng := rand.New(rand.NewPCG(seed, 0))
			sleeps, workers, slow := make([]time.Duration, 1+rng.IntN(5000)), 1+rng.IntN(20), 0
			oneIn := 1 + rng.IntN(200)
			for i := range sleeps {
				if rng.IntN(oneIn) == 0 {
					sleeps[i] = time.Second
					slow++
				}
			}
			took := timeOn(t, run, workers, sleeps)
			require.LessOrEqual(t, took, rounds(slow, workers)+time.Second, "seed %d", seed)
		}
	})
}

// Half of what a worker holds is taken over again and again, and the order in which
// items may wait for each other stays.
func TestItemOfASliceMayWaitForThoseBeforeItThoughSomeAreTakenOver(t *testing.T) {
	eachSlice(t, func(t *testing.T, run sliceFunc) {
		const n = 5000
		for _, from := range []int{10, 700, 4000, 4900} {
			var done [n]sync.WaitGroup
			for i := range done {
				done[i].Add(1)
			}
			require.NoError(t, run(t.Context(), upTo(n), func(_ context.Context, i int) error {
				defer done[i].Done()
				if i >= from {
					time.Sleep(time.Duration(i%7) * time.Millisecond)
					done[i-1].Wait()
				}
				return nil
			}, mr.Options{Workers: 7}))
		}
	})
}

// In real time: everything is done once, whoever takes it.
func TestEachItemOfASliceIsDoneOnceThoughSomeAreTakenOver(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		calls := make([]atomic.Int32, 1+rng.IntN(20_000))
		slowFrom := rng.IntN(len(calls))
		require.NoError(t, mr.ForEachSlice(t.Context(), upTo(len(calls)), func(_ context.Context, i int) error {
			calls[i].Add(1)
			if i >= slowFrom && i < slowFrom+100 {
				time.Sleep(10 * time.Microsecond)
			}
			return nil
		}, mr.Options{Workers: 1 + rng.IntN(8)}))
		for i := range calls {
			if calls[i].Load() != 1 {
				require.FailNow(t, "not once", "item %d %d times, seed %d", i, calls[i].Load(), seed)
			}
		}
	}
}

func TestEachNumberOfAChunkIsBegunOnce(t *testing.T) {
	require.True(t, mr.NumbersBegunOnce(5000))
}
