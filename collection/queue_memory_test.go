//go:build !race

// The race detector allocates, and keeps what is free.

package collection_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestQueueOfEvenLengthAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	for _, length := range []int{0, 1, 7, 8, 100, 255, 256, 257, 5000} {
		var q collection.Queue[int]
		for range length {
			q.TryPut(1)
		}
		pass := func() {
			for range 600 {
				_ = q.Put(ctx, 2)
				_, _ = q.Take(ctx)
			}
		}
		pass()
		for range length / 300 {
			pass() // until the small chunks of the beginning are gone
		}
		require.Zero(t, testing.AllocsPerRun(10, pass), "%d", length)
	}
}

// heapNow is what is in use after all garbage was collected.
func heapNow() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestQueueGivesMemoryBackAfterABurst(t *testing.T) {
	var q collection.Queue[[64]byte]
	before := heapNow()
	const burst = 100_000
	for range burst {
		q.TryPut([64]byte{1})
	}
	grown := heapNow() - before
	require.Greater(t, grown, int64(burst*64))
	require.Less(t, grown, int64(burst*64*11/10), "and takes little more than its values")
	for range burst {
		q.TryTake()
	}
	require.Less(t, heapNow()-before, int64(32<<10))
	runtime.KeepAlive(&q)
}

// requireFreed checks that nothing holds what weak pointers point to.
func requireFreed(t *testing.T, all []weak.Pointer[[4096]byte]) {
	t.Helper()
	runtime.GC()
	runtime.GC()
	for i, p := range all {
		require.Nil(t, p.Value(), "%d", i)
	}
}

func TestTakenSlotsHoldOnToNothing(t *testing.T) {
	for _, n := range []int{1, 5, 8, 100, 1000} {
		var q collection.Queue[*[4096]byte]
		var all []weak.Pointer[[4096]byte]
		for range n {
			v := new([4096]byte)
			all = append(all, weak.Make(v))
			q.TryPut(v)
		}
		q.TryPut(nil)
		for range n {
			q.TryTake()
		}
		requireFreed(t, all)
		requireTakes(t, &q, nil)
	}
}

func TestQueueHoldsOnToNothingOfThoseWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := collection.NewQueue[*[4096]byte](collection.QueueOptions{Max: 1})
		q.TryPut(nil)
		var all []weak.Pointer[[4096]byte]
		for range 10 {
			v := new([4096]byte)
			all = append(all, weak.Make(v))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			require.Equal(t, context.DeadlineExceeded, q.Put(ctx, v))
			cancel()
		}
		requireFreed(t, all)
		requireTakes(t, q, nil)
	})
}
