package stripe_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/stripe"
)

func TestPickSpreadsHintsEvenlyOverAllParts(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 64, 1000} {
		seen := make([]int, n)
		for i := range 100_000 {
			seen[stripe.Pick(uint32(i)*42949, n)]++ // 42949 * 100,000 spans 32 bits
		}
		share := 100_000 / n
		for part, times := range seen {
			require.InDelta(t, share, times, 3, "part %d of %d", part, n)
		}
	}
	for _, n := range []int{1, 64, 1 << 20, 1<<31 - 1} {
		require.Equal(t, 0, stripe.Pick(0, n))
		require.Equal(t, n-1, stripe.Pick(1<<32-1, n))
	}
}

//go:noinline
func growStack() {
	var room [16 << 10]byte
	runtime.KeepAlive(&room)
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
			growStack() // else it grows later, and moves, and another gets the old one
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

func TestHintOfOneGoroutineTendsToStayTheSame(t *testing.T) {
	last, changes := stripe.Hint(), 0
	for range 1000 {
		if h := stripe.Hint(); h != last {
			last = h
			changes++
		}
	}
	require.Less(t, changes, 10, "it may change when the runtime moves the stack")
}
