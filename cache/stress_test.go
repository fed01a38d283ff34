package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/cache"
)

// Everything at once, with cancelled callers, failing, exiting and panicking
// loads: nothing is left under way, and no key gets another one's value.
func TestNothingIsLeftOrMixedUpUnderStress(t *testing.T) {
	var reported atomic.Uint64
	c := cache.New(cache.Options[int, string]{
		MaxWeight: 300, Weigh: func(int, string) uint32 { return 3 },
		TTL: 20 * time.Millisecond, NotFoundTTL: time.Millisecond,
		RefreshAfter: 5 * time.Millisecond, StaleOnError: 10 * time.Millisecond, OnPanic: func(*weir.Panic) { reported.Add(1) },
	})
	of := func(key, n int) string { return fmt.Sprint(key, "/", n) }
	belongs := func(key int, v string) bool {
		var k, n int
		_, err := fmt.Sscanf(v, "%d/%d", &k, &n)
		return err == nil && k == key
	}
	var strange atomic.Int64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 9))
			for i := range 4000 {
				key := rng.IntN(150)
				switch rng.IntN(8) {
				case 0:
					c.Set(key, of(key, i))
				case 1:
					c.SetTTL(key, of(key, i), time.Duration(rng.IntN(3))*time.Millisecond)
				case 2:
					c.Delete(key)
				case 3:
					if v, ok := c.Get(key); ok && !belongs(key, v) {
						strange.Add(1)
					}
				case 4:
					if i%500 == 0 {
						c.Clear()
					}
				default:
					if !stressTake(c, rng, key, of(key, i), belongs) {
						strange.Add(1)
					}
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, strange.Load())
	require.NoError(t, c.Close(ctx))
	require.Zero(t, c.Stats().Loading)
	require.Equal(t, reported.Load(), c.Stats().Panics)
}

func stressTake(c *cache.Cache[int, string], rng *rand.Rand, key int, v string, belongs func(int, string) bool) (ok bool) {
	callCtx, cancel := ctx, context.CancelFunc(func() {})
	if rng.IntN(2) == 0 {
		callCtx, cancel = context.WithTimeout(ctx, time.Duration(rng.IntN(200))*time.Microsecond)
	}
	defer cancel()
	mode := rng.IntN(6)
	defer func() {
		if v := recover(); v != nil {
			p, isPanic := v.(*weir.Panic)
			ok = isPanic && p.Value == "lost"
		}
	}()
	got, err := c.Take(callCtx, key, func(context.Context) (string, error) {
		switch mode {
		case 0:
			return "", errDown
		case 1:
			return "", cache.ErrNotFound
		case 2:
			panic("lost")
		case 3:
			time.Sleep(50 * time.Microsecond)
		}
		return v, nil
	})
	return err != nil && got == "" || err == nil && belongs(key, got)
}
