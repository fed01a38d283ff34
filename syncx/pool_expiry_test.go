package syncx_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/syncx"
)

// An obituary is what Destroy was called with, and when.
type obituary struct {
	n  int
	at time.Duration
}

// A graveyard lists what was destroyed.
type graveyard struct {
	mu   sync.Mutex
	list []obituary
}

func (g *graveyard) add(o obituary) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.list = append(g.list, o)
}

func (g *graveyard) all() []obituary {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.list)
}

// mortal returns a pool and where its resources go.
func mortal(o syncx.PoolOptions[int]) (*syncx.Pool[int], *graveyard) {
	start, dead := time.Now(), new(graveyard)
	o.Create = numbered()
	o.Destroy = func(n int) { dead.add(obituary{n, time.Since(start)}) }
	return syncx.NewPool(o), dead
}

func TestIdleItemsExpireThoughNobodyUsesThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 3, MaxIdleTime: time.Minute})
		a, b, c := get(t, p), get(t, p), get(t, p)
		p.Put(c)
		time.Sleep(10 * time.Second)
		p.Put(b)
		time.Sleep(10 * time.Second)
		p.Put(a)
		time.Sleep(time.Hour)
		require.Equal(t, []obituary{{3, 60 * time.Second}, {2, 70 * time.Second}, {1, 80 * time.Second}}, dead.all())
		st := p.Stats()
		require.Zero(t, st.Open)
		require.EqualValues(t, 3, st.DestroyedIdle)
	})
}

func TestBottomOfTheStackExpiresWhileTheTopIsInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 2, MaxIdleTime: time.Minute})
		a, b := get(t, p), get(t, p)
		p.Put(b)
		p.Put(a)
		for range 300 {
			it := get(t, p)
			require.Equal(t, 1, it.Value)
			p.Put(it)
			time.Sleep(time.Second)
		}
		require.Equal(t, []obituary{{2, time.Minute}}, dead.all())
	})
}

func TestItemIsNotTooOldWhileItIsLent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 1, MaxLifetime: time.Minute, MaxIdleTime: time.Minute})
		it := get(t, p)
		time.Sleep(time.Hour)
		require.Empty(t, dead.all())
		p.Put(it)
		require.Equal(t, []obituary{{1, time.Hour}}, dead.all())
		require.EqualValues(t, 1, p.Stats().DestroyedLifetime)
	})
}

func TestWhoWaitsIsNotGivenWhatIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 1, MaxLifetime: time.Minute})
		it := get(t, p)
		got := make(chan syncx.Item[int], 1)
		go func() { got <- get(t, p) }()
		time.Sleep(time.Hour)
		p.Put(it)
		require.Equal(t, 2, (<-got).Value)
		require.Equal(t, []obituary{{1, time.Hour}}, dead.all())
	})
}

func TestLifetimesAreSpreadOverATenth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, life = 100, 1000 * time.Second
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: n, MaxLifetime: life})
		var items []syncx.Item[int]
		for range n {
			items = append(items, get(t, p))
		}
		for _, it := range items {
			p.Put(it)
		}
		time.Sleep(life * 9 / 10)
		synctest.Wait()
		require.LessOrEqual(t, len(dead.all()), 1)
		time.Sleep(life / 20)
		synctest.Wait()
		require.Greater(t, len(dead.all()), n/4)
		require.Less(t, len(dead.all()), n*3/4)
		time.Sleep(life / 20)
		synctest.Wait()
		require.Len(t, dead.all(), n)
		require.EqualValues(t, n, p.Stats().DestroyedLifetime)
		for i, d := range dead.all() {
			require.False(t, i > 0 && d.at < dead.all()[i-1].at)
		}
	})
}

// The runtime may be late with the alarm; then a Get sees it.
func TestGetLooksAtTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 2, MaxIdleTime: time.Minute})
		a, b := get(t, p), get(t, p)
		p.Put(a)
		p.Put(b)
		p.StopAlarm()
		time.Sleep(time.Minute)
		require.Equal(t, 3, get(t, p).Value)
		require.Equal(t, []obituary{{2, time.Minute}}, dead.all())
		_, ok := p.TryGet()
		require.False(t, ok)
		require.Len(t, dead.all(), 2)
	})
}

func TestTimesTooLongToAddAreForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const endless = 1<<63 - 1
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 1, MaxIdleTime: endless, MaxLifetime: endless})
		time.Sleep(time.Hour)
		p.Put(get(t, p))
		time.Sleep(1000 * time.Hour)
		p.Put(get(t, p))
		require.Empty(t, dead.all())
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestNothingIsSetToExpireWhileNothingIsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := mortal(syncx.PoolOptions[int]{MaxOpen: 1, MaxIdleTime: time.Minute})
		require.False(t, p.Armed())
		it := get(t, p)
		require.False(t, p.Armed())
		p.Put(it)
		require.True(t, p.Armed())
		it = get(t, p)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.False(t, p.Armed())
		p.Put(it)
		require.True(t, p.Armed())
		time.Sleep(time.Minute)
		synctest.Wait()
		require.False(t, p.Armed())
	})
}

func TestPanicWhileExpiringIsReportedAndTheRestExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, e := range noReturns {
			var reported []*weir.Panic
			dead := new(graveyard)
			p := syncx.NewPool(syncx.PoolOptions[int]{
				MaxOpen: 3, MaxIdleTime: time.Minute, Create: numbered(),
				Destroy: func(n int) {
					dead.add(obituary{n: n})
					e.end()
				},
				OnPanic: func(p *weir.Panic) { reported = append(reported, p) },
			})
			a, b, c := get(t, p), get(t, p), get(t, p)
			p.Put(a)
			p.Put(b)
			p.Put(c)
			time.Sleep(time.Minute)
			synctest.Wait()
			require.Equal(t, []obituary{{n: 1}, {n: 2}, {n: 3}}, dead.all(), name)
			require.Zero(t, p.Stats().Open)
			if e.recovered == nil {
				require.Empty(t, reported)
				continue
			}
			require.Len(t, reported, 3)
			require.IsType(t, e.recovered, reported[0].Value)
			require.Contains(t, string(reported[0].Stack), "pool_expiry_test.go")
		}
	})
}

// A hook that panics itself would end the process: it must not also lose items.
func TestHookThatEndsItsGoroutineStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 2, Create: numbered(),
			Destroy: func(int) { panic("broken") },
			OnPanic: func(*weir.Panic) { runtime.Goexit() },
		})
		a, b := get(t, p), get(t, p)
		p.Put(a)
		p.Put(b)
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestPanicWithoutAHookIsLogged(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	synctest.Test(t, func(t *testing.T) {
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 1, Create: numbered(), Destroy: func(int) { panic("broken pipe") },
		})
		p.Put(get(t, p))
		require.NoError(t, p.Close(context.Background()))
		synctest.Wait()
	})
	require.Contains(t, out.String(), `msg="syncx: panic in the Destroy of a Pool" panic="broken pipe"`)
}
