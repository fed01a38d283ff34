//go:build !race

// The race detector makes a sync.Pool drop what it is given at random, and pads
// what is allocated, so that these promises can be held without it only.

package breaker_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

func TestPermitsAllocateNothing(t *testing.T) {
	ctx := context.Background()
	b := lenient()
	for o := weir.Success; o <= weir.Overloaded; o++ {
		require.Zero(t, allocates(func() {
			p, _ := b.Allow(ctx)
			p.Done(o)
		}), o.String())
	}
	require.Zero(t, allocates(func() { _ = weir.Do(ctx, b, succeed) }))
	require.Zero(t, allocates(func() { _ = weir.Do(ctx, b, fail) }))
}

// heap returns how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestBreakerTakesTwoKilobytesAtMost(t *testing.T) {
	const n = 2000
	var errs []error
	for i := range 5 {
		errs = append(errs, fmt.Errorf("dial 10.0.0.%d: %w", i, errDown))
	}
	breakers := make([]*breaker.Breaker, n)
	before := heap()
	for i := range breakers {
		b := breaker.New(breaker.Options{Name: "db"})
		_ = times(3, b, succeed)
		for _, err := range errs {
			_ = times(3, b, func(context.Context) error { return err })
		}
		breakers[i] = b
	}
	each := (heap() - before) / n
	runtime.KeepAlive(breakers)
	t.Logf("%d bytes", each)
	require.LessOrEqual(t, each, uint64(2000))
}
