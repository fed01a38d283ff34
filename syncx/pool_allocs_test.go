//go:build !race

// The race detector allocates, too.

package syncx_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

func TestGetAndPutAllocateNothing(t *testing.T) {
	for name, o := range map[string]syncx.PoolOptions[*tool]{
		"plain":   {},
		"mortal":  {MaxIdleTime: time.Hour, MaxLifetime: 2 * time.Hour},
		"checked": {Healthy: func(*tool) bool { return true }},
	} {
		o.MaxOpen = 4
		o.Create = func(context.Context) (*tool, error) { return new(tool), nil }
		p := syncx.NewPool(o)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			it, _ := p.Get(ctx)
			p.Put(it)
			it, _ = p.TryGet()
			p.Put(it)
		}), name)
		require.NoError(t, p.Close(ctx))
	}
}

func TestPoolHoldsOnToNothingThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []weak.Pointer[tool]
		p := syncx.NewPool(syncx.PoolOptions[*tool]{
			MaxOpen: 3, MaxIdleTime: time.Minute,
			Create: func(context.Context) (*tool, error) {
				v := new(tool)
				all = append(all, weak.Make(v))
				return v, nil
			},
		})
		func() {
			a, _ := p.Get(t.Context())
			b, _ := p.Get(t.Context())
			c, _ := p.Get(t.Context())
			p.Discard(a)
			p.Put(b)
			p.Put(c)
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		runtime.GC()
		runtime.GC()
		require.Len(t, all, 3)
		for i, w := range all {
			require.Nil(t, w.Value(), "%d", i)
		}
		runtime.KeepAlive(p)
	})
}
