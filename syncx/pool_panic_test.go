package syncx_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// noReturns are the ways in which a function can fail to return. Each says what a
// caller recovers: nil if its goroutine ends.
var noReturns = map[string]struct {
	end       func()
	recovered any
}{
	"panic":     {func() { panic("dial") }, "dial"},
	"panic nil": {func() { panic(nil) }, &runtime.PanicNilError{}},
	"Goexit":    {runtime.Goexit, nil},
}

// alone calls fn in a goroutine of its own and tells how that came out.
func alone(fn func()) (recovered any, returned bool) {
	e := endings(1, fn)[0]
	return e.panicked, e.returned
}

func TestPoolReturnsThePlaceWhenCreateDoesNotReturn(t *testing.T) {
	for name, e := range noReturns {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				p := syncx.NewPool(syncx.PoolOptions[int]{
					MaxOpen: 1,
					Create: func(context.Context) (int, error) {
						calls++
						if calls == 1 {
							time.Sleep(time.Second)
							e.end()
						}
						return calls, nil
					},
				})
				var wg sync.WaitGroup
				start := time.Now()
				wg.Go(func() {
					recovered, returned := alone(func() { _, _ = p.Get(t.Context()) })
					require.False(t, returned)
					require.IsType(t, e.recovered, recovered)
				})
				synctest.Wait()
				wg.Go(func() {
					it := get(t, p)
					require.Equal(t, 2, it.Value, "the next in line creates, for itself")
					require.Equal(t, time.Second, time.Since(start))
					p.Put(it)
				})
				wg.Wait()
				st := p.Stats()
				require.EqualValues(t, 1, st.CreateFailures)
				require.Equal(t, 1, st.Idle)
				require.Equal(t, 1, st.Open)
			})
		})
	}
}

func TestErrorOfCreateIsForTheOneWhoCreates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 1,
			Create: func(context.Context) (int, error) {
				calls++
				time.Sleep(time.Second)
				if calls <= 2 {
					return 7, errDial
				}
				return calls, nil
			},
		})
		var wg sync.WaitGroup
		start := time.Now()
		for i := range 3 {
			wg.Go(func() {
				it, err := p.Get(t.Context())
				require.Equal(t, time.Duration(i+1)*time.Second, time.Since(start))
				if i < 2 {
					require.Equal(t, errDial, err)
					require.Zero(t, it)
					return
				}
				require.NoError(t, err)
				require.Equal(t, 3, it.Value)
			})
			synctest.Wait()
		}
		wg.Wait()
		require.EqualValues(t, 2, p.Stats().CreateFailures)
	})
}

func TestResourceWhoseHealthyDoesNotReturnIsDestroyed(t *testing.T) {
	for name, e := range noReturns {
		t.Run(name, func(t *testing.T) {
			var destroyed []int
			ill := true
			p := syncx.NewPool(syncx.PoolOptions[int]{
				MaxOpen: 1, Create: numbered(),
				Destroy: func(n int) { destroyed = append(destroyed, n) },
				Healthy: func(int) bool {
					if ill {
						e.end()
					}
					return true
				},
			})
			for _, take := range []func(){
				func() { _, _ = p.Get(t.Context()) },
				func() { p.TryGet() },
			} {
				ill = false
				p.Put(get(t, p))
				ill = true
				recovered, returned := alone(take)
				require.False(t, returned)
				require.IsType(t, e.recovered, recovered)
				require.Zero(t, p.Stats().Open)
			}
			require.Equal(t, []int{1, 2}, destroyed)
			require.EqualValues(t, 2, p.Stats().DestroyedUnhealthy)
		})
	}
}

// Each way to destroy on the caller's goroutine.
func TestPlaceIsFreeAfterADestroyThatDoesNotReturn(t *testing.T) {
	for name, e := range noReturns {
		t.Run(name, func(t *testing.T) {
			for way, do := range map[string]func(p *syncx.Pool[int], sick *bool){
				"discard": func(p *syncx.Pool[int], _ *bool) { p.Discard(get(t, p)) },
				"surplus": func(p *syncx.Pool[int], _ *bool) { p.Put(get(t, p)) },
				"replace": func(p *syncx.Pool[int], sick *bool) {
					a, b := get(t, p), get(t, p)
					p.Put(a)
					*sick = true
					defer alone(func() { p.Discard(b) })
					_, _ = p.Get(t.Context())
				},
				"try": func(p *syncx.Pool[int], sick *bool) {
					a, b := get(t, p), get(t, p)
					p.Put(a)
					*sick = true
					defer alone(func() { p.Discard(b) })
					p.TryGet()
				},
			} {
				var sick bool
				maxIdle := 1
				if way == "surplus" {
					maxIdle = -1
				}
				p := syncx.NewPool(syncx.PoolOptions[int]{
					MaxOpen: 2, MaxIdle: maxIdle, Create: numbered(),
					Healthy: func(int) bool { return !sick },
					Destroy: func(int) { e.end() },
				})
				recovered, returned := alone(func() { do(p, &sick) })
				require.False(t, returned, way)
				require.IsType(t, e.recovered, recovered, way)
				st := p.Stats()
				require.Zero(t, st.Open, way)
				require.Zero(t, st.InUse, way)
			}
		})
	}
}
