//go:build !race

// The race detector allocates, too.

package syncx_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

func TestUncontendedLoadAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	fn := func(context.Context) (string, error) { return "value", nil }
	fail := func(context.Context) (string, error) { return "", errors.ErrUnsupported }
	var byName syncx.SingleFlight[string, string]
	var byAny syncx.SingleFlight[any, string]
	byNumber := syncx.SingleFlight[int, string]{}
	nested := func(context.Context) (string, error) { return byName.Do(ctx, "inner", fn) }
	for name, load := range map[string]func(){
		"value":       func() { _, _ = byName.Do(ctx, "key", fn) },
		"TODO":        func() { _, _ = byName.Do(context.TODO(), "key", fn) },
		"error":       func() { _, _ = byName.Do(ctx, "key", fail) },
		"interface":   func() { _, _ = byAny.Do(ctx, "key", fn) },
		"int, DoEx":   func() { _, _, _ = byNumber.DoEx(ctx, 7, fn) },
		"with Forget": func() { _, _ = byNumber.Do(ctx, 7, fn); byNumber.Forget(7) },
		"nested":      func() { _, _ = byName.Do(ctx, "key", nested) },
	} {
		require.Zero(t, testing.AllocsPerRun(2000, load), name)
	}
}

func TestIdleSingleFlightHoldsOnToNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[*[4096]byte, *[4096]byte]
		var all []weak.Pointer[[4096]byte]
		fresh := func() *[4096]byte {
			v := new([4096]byte)
			all = append(all, weak.Make(v))
			return v
		}
		load := func(context.Context) (*[4096]byte, error) { return fresh(), nil }
		for _, ctx := range []context.Context{t.Context(), context.Background()} {
			_, _ = s.Do(ctx, fresh(), load)
			_, _ = s.Do(context.WithValue(ctx, userKey{}, fresh()), fresh(), load)
		}
		synctest.Wait()
		runtime.GC()
		runtime.GC()
		for i, p := range all {
			require.Nil(t, p.Value(), "%d", i)
		}
		require.True(t, s.Idle())
	})
}

func TestLoadsOneAfterAnotherShareTheirMemory(t *testing.T) {
	const loads = 10_000
	var s syncx.SingleFlight[int, int]
	var before, after runtime.MemStats
	fn := func(context.Context) (int, error) { return 1, nil }
	runtime.ReadMemStats(&before)
	for key := range loads {
		_, _ = s.Do(context.Background(), key, fn)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2*loads))
}
