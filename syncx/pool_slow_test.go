package syncx_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// In a bubble, a lock that is held across a sleep hangs whoever wants it.
func TestSlowFunctionsHoldUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow bool
		pause := func() {
			if slow {
				time.Sleep(time.Hour)
			}
		}
		create := numbered()
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 5,
			Create:  func(ctx context.Context) (int, error) { pause(); return create(ctx) },
			Healthy: func(n int) bool { pause(); return n != 2 },
			Destroy: func(int) { pause() },
		})
		var items []syncx.Item[int]
		for range 4 {
			items = append(items, get(t, p))
		}
		p.Put(items[1])
		slow = true
		var wg sync.WaitGroup
		wg.Go(func() { p.Put(get(t, p)) })    // Healthy of 2, Destroy, Create
		wg.Go(func() { p.Put(get(t, p)) })    // Create
		wg.Go(func() { p.Discard(items[2]) }) // Destroy
		synctest.Wait()
		start := time.Now()
		p.Put(items[0])
		p.Put(items[3])
		require.Equal(t, 2, p.Stats().Idle)
		require.Zero(t, time.Since(start))
		wg.Wait()
	})
}

func TestReturnOfAnItemEndsAWaitWhileAnotherCreates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		create := numbered()
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 2,
			Create: func(ctx context.Context) (int, error) {
				n, err := create(ctx)
				if n == 2 {
					time.Sleep(time.Hour)
				}
				return n, err
			},
		})
		start := time.Now()
		it := get(t, p)
		var wg sync.WaitGroup
		wg.Go(func() {
			p.Put(get(t, p))
			require.Equal(t, time.Hour, time.Since(start))
		})
		synctest.Wait()
		wg.Go(func() {
			p.Put(get(t, p))
			require.Equal(t, time.Second, time.Since(start))
		})
		time.Sleep(time.Second)
		p.Put(it)
		wg.Wait()
	})
}

func TestWhatIsCreatedTooLateForItsCallerIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 1,
			Create:  func(context.Context) (int, error) { time.Sleep(time.Minute); return 1, nil },
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := p.Get(ctx)
		require.Equal(t, context.DeadlineExceeded, err)
		it, ok := p.TryGet()
		require.True(t, ok)
		require.Equal(t, 1, it.Value)
		require.Zero(t, p.Stats().CreateFailures)
	})
}

func TestWhatIsLookedAtForTooLongIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 1, Create: numbered(),
			Healthy: func(int) bool { time.Sleep(time.Minute); return true },
		})
		p.Put(get(t, p))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := p.Get(ctx)
		require.Equal(t, context.DeadlineExceeded, err)
		require.Equal(t, 1, p.Stats().Idle)
		require.Equal(t, 1, get(t, p).Value)
	})
}

func TestCreateIsGivenTheContextOfGet(t *testing.T) {
	p := syncx.NewPool(syncx.PoolOptions[any]{
		MaxOpen: 1,
		Create:  func(ctx context.Context) (any, error) { return ctx.Value(userKey{}), ctx.Err() },
	})
	it, err := p.Get(context.WithValue(t.Context(), userKey{}, "ann"))
	require.NoError(t, err)
	require.Equal(t, "ann", it.Value)
}

func TestPoolIsNeverOverfullNotEvenWhileSomethingIsDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := 0
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 1,
			Create:  func(context.Context) (int, error) { live++; require.Equal(t, 1, live); return live, nil },
			Destroy: func(int) { time.Sleep(time.Second); live-- },
		})
		for range 3 {
			it := get(t, p)
			go p.Discard(it)
			synctest.Wait()
			start := time.Now()
			p.Put(get(t, p))
			require.Equal(t, time.Second, time.Since(start))
		}
	})
}

func TestFunctionsOfAPoolMayCallIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p *syncx.Pool[int]
		depth := 0
		p = syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 3,
			Create: func(ctx context.Context) (int, error) {
				depth++
				if depth > 3 {
					return depth, nil
				}
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				it, err := p.Get(ctx)
				if err != nil {
					return 0, err // of the innermost, for whom there is no place
				}
				p.Put(it)
				return depth, nil
			},
			Healthy: func(int) bool { return p.Stats().InUse > 0 },
			Destroy: func(int) { p.Stats() },
		})
		_, err := p.Get(t.Context())
		require.Equal(t, context.DeadlineExceeded, err)
		require.Zero(t, p.Stats().Open)
		it := get(t, p)
		p.Put(it)
		p.Discard(get(t, p))
		require.NoError(t, p.Close(t.Context()))
	})
}
