package breaker_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/breaker"
)

func TestGroupNeverExceedsMaxKeys(t *testing.T) {
	for _, maxKeys := range []int{1, 7, 100} {
		g := breaker.NewGroup[uint64](breaker.GroupOptions{MaxKeys: maxKeys})
		var most atomic.Int64
		together(64, func(worker int) {
			rng := rand.New(rand.NewPCG(uint64(worker), 2))
			for range 300 {
				_ = g.Get(rng.Uint64()).Name()
				raise(&most, int64(g.Len()))
			}
		})
		require.LessOrEqual(t, most.Load(), int64(maxKeys))
		require.Equal(t, maxKeys, g.Len())
		n := 0
		for range g.All() {
			n++
		}
		require.Equal(t, maxKeys, n)
		require.Same(t, g.Overflow(), g.Get(1))
		require.Same(t, g.Overflow(), g.Get(2))
	}
}

func TestDefaultCapIsTenThousand(t *testing.T) {
	g := breaker.NewGroup[int](breaker.GroupOptions{Options: breaker.Options{Buckets: 2, Window: time.Second}})
	for key := range 10_000 {
		require.NotSame(t, g.Overflow(), g.Get(key))
	}
	require.Same(t, g.Overflow(), g.Get(-1))
	require.Equal(t, 10_000, g.Len())
}

// In a full group a flood of keys finds room only where nobody will miss it.
func TestFloodEvictsIdleClosedBreakersOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := breaker.NewGroup[string](breaker.GroupOptions{MaxKeys: 60, IdleAfter: time.Minute})
		kept := map[string]*breaker.Breaker{}
		keep := func(kind string, prepare func(b *breaker.Breaker)) {
			for i := range 8 {
				key := fmt.Sprint(kind, i)
				kept[key] = g.Get(key)
				prepare(kept[key])
			}
		}
		keep("forced", func(b *breaker.Breaker) { b.Force(breaker.ForcedOpen) })
		keep("dry", func(b *breaker.Breaker) { b.Force(breaker.DryRun) })
		keep("off", func(b *breaker.Breaker) { b.Force(breaker.Disabled) })
		for i := range 20 {
			_ = times(1, g.Get(fmt.Sprint("idle", i)), succeed)
		}
		time.Sleep(2 * time.Minute)
		keep("used", func(b *breaker.Breaker) { _ = times(1, b, succeed) })
		keep("open", func(b *breaker.Breaker) { open(t, b) })

		for i := range 3000 {
			_ = g.Get(fmt.Sprint("flood", i))
			require.LessOrEqual(t, g.Len(), 60)
		}
		for key, b := range kept {
			require.Same(t, b, g.Get(key), key)
		}
		for i := range 20 {
			require.Same(t, g.Overflow(), g.Get(fmt.Sprint("idle", i)), "dropped long ago")
		}
	})
}

func TestOpenBreakerIsKeptWhileAnybodyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := breaker.NewGroup[int](breaker.GroupOptions{MaxKeys: 1, IdleAfter: time.Second})
		b := g.Get(1)
		open(t, b)
		for range 600 {
			_ = times(1, b, fail)
			require.Same(t, g.Overflow(), g.Get(2))
			time.Sleep(100 * time.Millisecond)
		}
		require.Equal(t, breaker.Open, b.State())
		time.Sleep(time.Minute) // silence closes it, and then it is idle
		require.True(t, finds(g, 2))
	})
}

func TestIdleBreakersMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := breaker.NewGroup[int](breaker.GroupOptions{MaxKeys: 5})
		for key := range 5 {
			require.Equal(t, 1, times(1, g.Get(key), succeed))
		}
		time.Sleep(9 * time.Minute)
		require.Same(t, g.Overflow(), g.Get(100))
		require.Equal(t, 1, times(1, g.Get(0), succeed))
		time.Sleep(time.Minute + time.Second)
		for key := 100; key < 200; key++ { // a few breakers are looked at each time
			_ = times(1, g.Get(key), succeed)
		}
		alive := 0
		for key := range g.All() {
			if key < 5 {
				require.Zero(t, key, "used a minute ago")
				alive++
			}
		}
		require.Equal(t, 1, alive)
		require.Equal(t, 5, g.Len())
	})
}

func TestNewBreakerIsNotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := breaker.NewGroup[int](breaker.GroupOptions{MaxKeys: 1, IdleAfter: time.Second})
		b := g.Get(1)
		for range 10 { // its first call takes a while, and nothing is counted yet
			require.Same(t, g.Overflow(), g.Get(2))
			time.Sleep(time.Second)
		}
		require.Same(t, b, g.Get(1))
		time.Sleep(time.Second)
		require.True(t, finds(g, 2))
	})
}

// finds reports whether the key gets a breaker of its own. Each Get looks at a few
// places only; the next one looks at others.
func finds[K comparable](g *breaker.Group[K], key K) bool {
	for range 20 {
		if g.Get(key) != g.Overflow() {
			return true
		}
	}
	return false
}

func TestNegativeIdleAfterKeepsBreakersForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := breaker.NewGroup[int](breaker.GroupOptions{MaxKeys: 3, IdleAfter: -1})
		first := g.Get(0)
		g.Get(1)
		g.Get(2)
		time.Sleep(1000 * time.Hour)
		for key := 3; key < 500; key++ {
			require.Same(t, g.Overflow(), g.Get(key))
		}
		require.Same(t, first, g.Get(0))
	})
}

func TestEvictionKeepsCountUnderConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := breaker.NewGroup[uint64](breaker.GroupOptions{
			Options: breaker.Options{Window: 40 * time.Millisecond}, MaxKeys: 50, IdleAfter: time.Millisecond,
		})
		var most atomic.Int64
		together(64, func(worker int) {
			rng := rand.New(rand.NewPCG(uint64(worker), 3))
			for i := range 200 {
				_ = times(1, g.Get(rng.Uint64N(500)), succeed)
				if i%10 == 9 {
					time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
				}
				raise(&most, int64(g.Len()))
			}
		})
		require.LessOrEqual(t, most.Load(), int64(50))
		n := 0
		for range g.All() {
			n++
		}
		require.Equal(t, n, g.Len())
		require.LessOrEqual(t, n, 50)
		require.Positive(t, n)
	})
}
