package syncx_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/syncx"
)

// A tool counts who holds it.
type tool struct{ holders atomic.Int64 }

// A crowd is many callers of one pool, whose functions do all that they may.
type crowd struct {
	pool  *syncx.Pool[*tool]
	max   int64
	live  atomic.Int64
	ended atomic.Int64
	bad   atomic.Pointer[string]
}

func (c *crowd) fault(text string) { c.bad.CompareAndSwap(nil, &text) }

// mishap now and then does not return, or takes a moment.
func mishap() {
	switch rand.IntN(40) {
	case 0:
		panic("mishap")
	case 1:
		runtime.Goexit()
	case 2:
		time.Sleep(time.Duration(rand.IntN(50)) * time.Microsecond)
	default:
		runtime.Gosched()
	}
}

func newCrowd(o syncx.PoolOptions[*tool]) *crowd {
	c := &crowd{max: int64(o.MaxOpen)}
	o.Create = func(context.Context) (*tool, error) {
		mishap()
		if rand.IntN(10) == 0 {
			return nil, errDial
		}
		if c.live.Add(1) > c.max {
			c.fault("more than MaxOpen")
		}
		return new(tool), nil
	}
	o.Healthy = func(v *tool) bool {
		mishap()
		return rand.IntN(10) > 0
	}
	o.Destroy = func(v *tool) {
		if v.holders.Add(1) != 1 {
			c.fault("destroyed in use, or twice")
		}
		c.live.Add(-1)
		mishap()
	}
	o.OnPanic = func(*weir.Panic) {}
	c.pool = syncx.NewPool(o)
	return c
}

func (c *crowd) call() {
	defer c.ended.Add(1)
	defer func() { _ = recover() }()
	ctx := context.Background()
	if rand.IntN(2) == 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(2000))*time.Microsecond)
		defer cancel()
		ctx = limited
	}
	var it syncx.Item[*tool]
	if rand.IntN(10) == 0 {
		var ok bool
		if it, ok = c.pool.TryGet(); !ok {
			return
		}
	} else {
		var err error
		if it, err = c.pool.Get(ctx); err != nil {
			return
		}
	}
	if it.Value.holders.Add(1) != 1 {
		c.fault("lent to two")
	}
	runtime.Gosched()
	it.Value.holders.Add(-1)
	if rand.IntN(8) == 0 {
		c.pool.Discard(it)
	} else {
		c.pool.Put(it)
	}
}

func TestPoolStandsACrowd(t *testing.T) {
	for name, o := range map[string]syncx.PoolOptions[*tool]{
		"one":     {MaxOpen: 1},
		"some":    {MaxOpen: 16, MaxIdle: 4},
		"mortals": {MaxOpen: 64, MaxIdleTime: 100 * time.Microsecond, MaxLifetime: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			const callers = 10_000
			c := newCrowd(o)
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for range stress {
						alone(c.call)
					}
				})
			}
			wg.Wait()
			require.EqualValues(t, callers*stress, c.ended.Load(), "nobody is left behind")
			st := c.pool.Stats()
			require.Zero(t, st.InUse)
			require.Zero(t, st.Waiting)
			require.NoError(t, c.pool.Close(t.Context()))
			if bad := c.bad.Load(); bad != nil {
				t.Fatal(*bad)
			}
			require.Zero(t, c.live.Load())
		})
	}
}

// Somebody gives up at the moment at which an item comes, and behind waits one who
// never gives up: whoever got the item, in the end that one has it.
func TestNoWakeUpIsLostToAWaiterWhoGivesUp(t *testing.T) {
	for name, giveBack := range map[string]func(*syncx.Pool[int], syncx.Item[int]){
		"item":  (*syncx.Pool[int]).Put,
		"place": (*syncx.Pool[int]).Discard,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPool(1)
			for i := range 3000 * stress {
				it := get(t, p)
				ctx, cancel := context.WithCancel(context.Background())
				var wg sync.WaitGroup
				wg.Go(func() {
					if it, err := p.Get(ctx); err == nil {
						p.Put(it)
					}
				})
				for p.Stats().Waiting < 1 {
					runtime.Gosched()
				}
				wg.Go(func() {
					it, err := p.Get(context.Background())
					if err == nil {
						p.Put(it)
					}
				})
				for i%2 == 0 && p.Stats().Waiting < 2 {
					runtime.Gosched()
				}
				wg.Go(cancel)
				giveBack(p, it)
				wg.Wait()
				require.Equal(t, 1, p.Stats().Idle)
			}
		})
	}
}

func TestPoolMayBeClosedInTheMiddleOfACrowd(t *testing.T) {
	for range 20 * stress {
		c := newCrowd(syncx.PoolOptions[*tool]{MaxOpen: 4, MaxIdleTime: 50 * time.Microsecond})
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() { alone(c.call) })
		}
		for range 3 {
			wg.Go(func() { require.NoError(t, c.pool.Close(context.Background())) })
		}
		wg.Wait()
		require.Nil(t, c.bad.Load())
		require.Zero(t, c.live.Load())
		require.Zero(t, c.pool.Stats().Open)
	}
}
