package stripe_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/stripe"
)

func TestPickStaysInRangeAndReachesEveryPart(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 64, 1000} {
		seen := map[int]bool{}
		for i := range 100_000 {
			p := stripe.Pick(uint32(i)*42949, n) // 42949 * 100,000 spans 32 bits
			require.GreaterOrEqual(t, p, 0)
			require.Less(t, p, n)
			seen[p] = true
		}
		require.Len(t, seen, n)
	}
	require.Equal(t, 63, stripe.Pick(1<<32-1, 64))
}

func TestHintDiffersBetweenGoroutinesThatRunAtOnce(t *testing.T) {
	const goroutines = 256
	var (
		mu    sync.Mutex
		hints = map[uint32]bool{}
		ready sync.WaitGroup
		done  sync.WaitGroup
	)
	ready.Add(goroutines)
	for range goroutines {
		done.Go(func() {
			h := stripe.Hint()
			ready.Done()
			ready.Wait() // all stacks are alive at the same time
			mu.Lock()
			hints[h] = true
			mu.Unlock()
		})
	}
	done.Wait()
	require.Greater(t, len(hints), goroutines/2)
}

func TestHintAllocatesNothing(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(1000, func() { stripe.Hint() }))
}
