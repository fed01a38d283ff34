package breaker_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/breaker"
)

func succeed(context.Context) error { return nil }
func fail(context.Context) error    { return errDown }

// after returns a call that takes d, and ends with err.
func after(d time.Duration, err error) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(d)
		return err
	}
}

// times makes n calls in a row, and returns how many were admitted.
func times(n int, b *breaker.Breaker, fn func(context.Context) error) (admitted int) {
	for range n {
		_ = b.Do(context.Background(), func(ctx context.Context) error {
			admitted++
			return fn(ctx)
		})
	}
	return admitted
}

// open makes calls fail, twenty a second, until the breaker opens. It needs a
// bubble, and returns how many it took.
func open(t *testing.T, b *breaker.Breaker) (calls int) {
	t.Helper()
	for b.State() != breaker.Open {
		require.Less(t, calls, 100, "does not open")
		require.Equal(t, 1, times(1, b, fail))
		if calls++; b.State() != breaker.Open {
			time.Sleep(50 * time.Millisecond)
		}
	}
	return calls
}

// closeByProbes closes an open breaker by probes that succeed. It needs a bubble.
func closeByProbes(t *testing.T, b *breaker.Breaker) {
	t.Helper()
	for probes := 0; b.State() == breaker.Open; probes++ {
		require.Less(t, probes, 3)
		time.Sleep(b.RetryAfter())
		require.Equal(t, 1, times(1, b, succeed))
	}
}

// together runs fn on n goroutines and waits for all of them.
func together(n int, fn func(worker int)) {
	var wg sync.WaitGroup
	for worker := range n {
		wg.Go(func() { fn(worker) })
	}
	wg.Wait()
}

// raise lifts mark to n if it is lower.
func raise(mark *atomic.Int64, n int64) {
	for old := mark.Load(); old < n && !mark.CompareAndSwap(old, n); old = mark.Load() {
	}
}
