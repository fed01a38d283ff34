package syncx_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// numbered is a Create that makes 1, 2, 3...
func numbered() func(context.Context) (int, error) {
	var n atomic.Int64
	return func(context.Context) (int, error) { return int(n.Add(1)), nil }
}

func newPool(maxOpen int) *syncx.Pool[int] {
	return syncx.NewPool(syncx.PoolOptions[int]{MaxOpen: maxOpen, Create: numbered()})
}

func get(t *testing.T, p *syncx.Pool[int]) syncx.Item[int] {
	t.Helper()
	it, err := p.Get(t.Context())
	require.NoError(t, err)
	return it
}

func TestPoolLendsWhatWasPutBackLast(t *testing.T) {
	p := newPool(3)
	a, b, c := get(t, p), get(t, p), get(t, p)
	require.Equal(t, []int{1, 2, 3}, []int{a.Value, b.Value, c.Value})
	p.Put(a)
	p.Put(c)
	p.Put(b)
	for range 100 {
		it := get(t, p)
		require.Equal(t, 2, it.Value)
		p.Put(it)
	}
	require.Equal(t, 2, get(t, p).Value)
	require.Equal(t, 3, get(t, p).Value)
	require.Equal(t, 1, get(t, p).Value)
	require.EqualValues(t, 3, p.Stats().Created)
}

func TestWaitersAreServedInTheOrderOfTheirComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		it := get(t, p)
		var order []int
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				it := get(t, p)
				order = append(order, i)
				require.Equal(t, 1, it.Value)
				p.Put(it)
			})
			synctest.Wait()
		}
		time.Sleep(time.Second)
		require.Equal(t, 5, p.Stats().Waiting)
		p.Put(it)
		wg.Wait()
		require.Equal(t, []int{0, 1, 2, 3, 4}, order)
		st := p.Stats()
		require.EqualValues(t, 5, st.Waits)
		require.Equal(t, 5*time.Second, st.WaitTime)
	})
}

func TestWhoWaitsIsNotOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		it := get(t, p)
		got := make(chan syncx.Item[int], 1)
		go func() { got <- get(t, p) }()
		synctest.Wait()
		p.Put(it)
		_, ok := p.TryGet() // before the other one has even run
		require.False(t, ok)
		p.Put(<-got)
	})
}

func TestDiscardedItemsPlaceGoesToTheNextInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		it := get(t, p)
		got := make(chan syncx.Item[int], 1)
		go func() { got <- get(t, p) }()
		synctest.Wait()
		p.Discard(it)
		require.Equal(t, 2, (<-got).Value)
		st := p.Stats()
		require.Equal(t, 1, st.Open)
		require.EqualValues(t, 1, st.DestroyedDiscarded)
	})
}

func TestGetLeavesAtOnceWhenItsContextIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		it := get(t, p)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		start := time.Now()
		_, err := p.Get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errImpatient)
		require.Equal(t, time.Second, time.Since(start))
		require.Zero(t, p.Stats().Waiting)

		p.Put(it)
		_, err = p.Get(ctx)
		require.ErrorIs(t, err, errImpatient, "a done context gets nothing, though something is idle")
		require.Equal(t, 1, p.Stats().Idle)
	})
}

func TestItemThatComesWithTheEndOfAContextIsPassedOn(t *testing.T) {
	for name, giveBack := range map[string]func(*syncx.Pool[int], syncx.Item[int]){
		"item":  (*syncx.Pool[int]).Put,
		"place": (*syncx.Pool[int]).Discard,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPool(1)
				it := get(t, p)
				ctx := newDying()
				first, second := make(chan error, 1), make(chan syncx.Item[int], 1)
				go func() {
					_, err := p.Get(ctx)
					first <- err
				}()
				synctest.Wait()
				go func() { second <- get(t, p) }()
				synctest.Wait()
				ctx.end()
				giveBack(p, it)
				require.Equal(t, context.Canceled, <-first)
				p.Put(<-second)
				require.Equal(t, 1, p.Stats().Idle)
			})
		})
	}
}

func TestWhatTheHolderWritesIsKept(t *testing.T) {
	var destroyed []string
	p := syncx.NewPool(syncx.PoolOptions[string]{
		MaxOpen: 1,
		Create:  func(context.Context) (string, error) { return "new", nil },
		Destroy: func(s string) { destroyed = append(destroyed, s) },
	})
	it, err := p.Get(t.Context())
	require.NoError(t, err)
	it.Value = "used"
	p.Put(it)
	it, ok := p.TryGet()
	require.True(t, ok)
	require.Equal(t, "used", it.Value)
	it.Value = "broken"
	p.Discard(it)
	require.Equal(t, []string{"broken"}, destroyed)
}

func TestItemIsGivenBackOnceAndToItsPool(t *testing.T) {
	const twice = "syncx: an item of a Pool is given back twice"
	const foreign = "syncx: an item of another Pool, or of none, is given back"
	for name, giveBack := range map[string]func(*syncx.Pool[int], syncx.Item[int]){
		"Put":     (*syncx.Pool[int]).Put,
		"Discard": (*syncx.Pool[int]).Discard,
	} {
		t.Run(name, func(t *testing.T) {
			p, other := newPool(1), newPool(1)
			it := get(t, p)
			require.PanicsWithValue(t, foreign, func() { giveBack(other, it) })
			require.PanicsWithValue(t, foreign, func() { giveBack(p, syncx.Item[int]{}) })
			require.PanicsWithValue(t, foreign, func() { giveBack(p, syncx.Item[int]{Value: 1}) })
			p.Put(it)
			require.PanicsWithValue(t, twice, func() { giveBack(p, it) })

			again := get(t, p) // the same resource, lent to another
			require.PanicsWithValue(t, twice, func() { giveBack(p, it) })
			giveBack(p, again)
			require.PanicsWithValue(t, twice, func() { giveBack(p, again) })
			st := p.Stats()
			require.Equal(t, st.Open, st.Idle)
		})
	}
}

func TestSurplusIsDestroyedUnlessSomebodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var destroyed []int
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 3, MaxIdle: 1, Create: numbered(),
			Destroy: func(n int) { destroyed = append(destroyed, n) },
		})
		a, b, c := get(t, p), get(t, p), get(t, p)
		got := make(chan syncx.Item[int], 1)
		go func() { got <- get(t, p) }()
		synctest.Wait()
		p.Put(a)
		a = <-got
		require.Equal(t, 1, a.Value)
		p.Put(a)
		p.Put(b)
		p.Put(c)
		require.Equal(t, []int{2, 3}, destroyed)
		st := p.Stats()
		require.Equal(t, 1, st.Idle)
		require.Equal(t, 1, st.Open)
		require.EqualValues(t, 2, st.DestroyedSurplus)
	})
}

func TestPoolMayKeepNothingIdle(t *testing.T) {
	p := syncx.NewPool(syncx.PoolOptions[int]{MaxOpen: 2, MaxIdle: -1, Create: numbered()})
	for i := range 3 {
		it := get(t, p)
		require.Equal(t, i+1, it.Value)
		p.Put(it)
		require.Zero(t, p.Stats().Open)
	}
}

func TestTryGetNeitherCreatesNorWaits(t *testing.T) {
	p := newPool(2)
	_, ok := p.TryGet()
	require.False(t, ok)
	p.Put(get(t, p))
	it, ok := p.TryGet()
	require.True(t, ok)
	require.Equal(t, 1, it.Value)
	_, ok = p.TryGet()
	require.False(t, ok)
	require.EqualValues(t, 1, p.Stats().Created)
}

func TestUnhealthyItemIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sick := map[int]bool{1: true, 3: true, 4: true}
		var destroyed []int
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 2, Create: numbered(),
			Healthy: func(n int) bool { return !sick[n] },
			Destroy: func(n int) { destroyed = append(destroyed, n) },
		})
		a := get(t, p)
		require.Equal(t, 1, a.Value, "what is new is not asked for its health")
		b := get(t, p)
		p.Put(b)
		p.Put(a)
		a = get(t, p)
		require.Equal(t, 3, a.Value)
		b = get(t, p)
		got := make(chan syncx.Item[int], 1)
		go func() { got <- get(t, p) }()
		synctest.Wait()
		p.Put(a) // straight to the one who waits, who asks, too
		require.Equal(t, 4, (<-got).Value)
		require.Equal(t, []int{1, 3}, destroyed)
		require.Equal(t, 2, b.Value)
		require.EqualValues(t, 2, p.Stats().DestroyedUnhealthy)
	})
}

func TestTryGetSkipsWhatIsUnhealthy(t *testing.T) {
	var sick atomic.Bool
	p := syncx.NewPool(syncx.PoolOptions[int]{
		MaxOpen: 3, Create: numbered(), Healthy: func(n int) bool { return n == 1 || !sick.Load() },
	})
	a, b, c := get(t, p), get(t, p), get(t, p)
	p.Put(a)
	p.Put(b)
	p.Put(c)
	sick.Store(true)
	it, ok := p.TryGet()
	require.True(t, ok)
	require.Equal(t, 1, it.Value)
	st := p.Stats()
	require.Equal(t, 1, st.Open)
	require.EqualValues(t, 2, st.DestroyedUnhealthy)
}

func TestImpossiblePoolOptionsAreRefused(t *testing.T) {
	create := numbered()
	for want, o := range map[string]syncx.PoolOptions[int]{
		"syncx: PoolOptions.MaxOpen must be at least 1": {Create: create},
		"syncx: PoolOptions.Create must be set":         {MaxOpen: 1},
	} {
		require.EqualError(t, o.Validate(), want)
		require.PanicsWithValue(t, want, func() { syncx.NewPool(o) })
	}
	require.Error(t, syncx.PoolOptions[int]{MaxOpen: -1, Create: create}.Validate())
	require.NoError(t, syncx.PoolOptions[int]{
		MaxOpen: 1, MaxIdle: 5, MaxIdleTime: -1, MaxLifetime: -1, Create: create,
	}.Validate())
}

func TestPoolHoldsAnyType(t *testing.T) {
	p := syncx.NewPool(syncx.PoolOptions[[]func()]{
		MaxOpen: 1,
		Create:  func(context.Context) ([]func(), error) { return nil, nil },
	})
	it, err := p.Get(t.Context())
	require.NoError(t, err)
	it.Value = append(it.Value, func() {})
	p.Put(it)
	it, ok := p.TryGet()
	require.True(t, ok)
	require.Len(t, it.Value, 1)
}

var errDial = errors.New("nobody answers")
