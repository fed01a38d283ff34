package limit_test

import (
	"context"
	"math/bits"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func TestAdmissionAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	for _, o := range []limit.ConcurrencyOptions{
		{Max: 1}, {Max: 100}, {Max: 1, MaxQueue: 10}, {Max: 130, MaxQueue: 10},
	} {
		l := limit.NewConcurrency(o)
		settle(take(t, l, o.Max)...) // now all the memory is there
		held := take(t, l, o.Max-1)  // the last permit is free, too
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			p, err := l.Allow(ctx)
			if err != nil {
				panic(err)
			}
			p.Done(weir.Success)
		}))
		settle(held...)
		work := func(context.Context) error { return nil }
		require.Zero(t, testing.AllocsPerRun(1000, func() { _ = weir.Do(ctx, l, work) }))
	}
}

func TestRefusalAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, o := range map[string]limit.ConcurrencyOptions{
			"without a queue":   {Max: 1},
			"with a full queue": {Max: 1, MaxQueue: 2, MaxWait: -1, MaxHold: -1},
			"several groups":    {Max: 130},
			"no sweeps":         {Max: 65, MaxHold: -1},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			l := limit.NewConcurrency(o)
			take(t, l, o.Max)
			for range o.MaxQueue {
				call(ctx, l).requireWaiting(t)
			}
			refusals := 0
			require.Zero(t, testing.AllocsPerRun(1000, func() {
				if _, err := l.Allow(ctx); err == limit.ErrFull {
					refusals++
				}
			}), name)
			require.Equal(t, 1001, refusals, name)
			cancel()
			synctest.Wait()
		}
	})
}

func TestSweepingForForgottenPermitsAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 130, MaxHold: time.Hour})
		take(t, l, 130)
		require.Less(t, allocated(func() {
			for range 6 {
				time.Sleep(10 * time.Minute) // the next sweep is due
				if _, err := l.Allow(context.Background()); err != limit.ErrFull {
					panic(err)
				}
			}
		}), uint64(1000), "notes on 130 permits would be some kilobytes")
	})
}

func TestPermitTakes64Bytes(t *testing.T) {
	want := map[int]uintptr{64: 64, 32: 48}
	require.Equal(t, want[bits.UintSize], limit.SlotSize)
}

// allocated returns how many bytes fn allocates, or somebody else at that time.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestMemoryGrowsWithCallsInFlightNotWithMax(t *testing.T) {
	var l *limit.Concurrency
	require.Less(t, allocated(func() {
		l = limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1 << 20, MaxQueue: 1 << 20})
	}), uint64(200<<10))

	const inFlight = 6400
	permits := make([]weir.Permit, inFlight)
	fill := func() {
		for i := range permits {
			permits[i], _ = l.Allow(context.Background())
		}
	}
	require.Less(t, allocated(fill), uint64(85*inFlight))
	require.Equal(t, inFlight, l.Stats().InFlight)
	settle(permits...)
	require.Less(t, allocated(fill), uint64(inFlight), "the second time, all is there")
	settle(permits...)
	require.Zero(t, l.Stats().InFlight)
}
