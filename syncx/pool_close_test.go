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

func requireClosed(t *testing.T, p *syncx.Pool[int]) {
	t.Helper()
	_, err := p.Get(t.Context())
	require.Equal(t, syncx.ErrClosed, err)
	_, ok := p.TryGet()
	require.False(t, ok)
}

func TestCloseDestroysWhatIsIdleAndWaitsForWhatIsLent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 3, MaxIdleTime: time.Hour})
		a, b, c := get(t, p), get(t, p), get(t, p)
		p.Put(b)
		go func() {
			time.Sleep(time.Second)
			requireClosed(t, p)
			p.Put(a)
			time.Sleep(time.Second)
			p.Discard(c)
		}()
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, []obituary{{2, 0}, {1, time.Second}, {3, 2 * time.Second}}, dead.all())
		require.NoError(t, p.Close(t.Context()), "once more")
		requireClosed(t, p)
		st := p.Stats()
		require.Zero(t, st.Open)
		require.EqualValues(t, 2, st.DestroyedClosed)
		require.EqualValues(t, 1, st.DestroyedDiscarded)
	})
}

func TestCloseEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		it := get(t, p)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := p.Get(t.Context())
				require.Equal(t, syncx.ErrClosed, err)
			})
		}
		synctest.Wait()
		go func() { require.NoError(t, p.Close(t.Context())) }()
		wg.Wait()
		p.Put(it)
	})
}

func TestCloseSaysHowManyAreLeftWhenItsContextIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 3})
		a, b, c := get(t, p), get(t, p), get(t, p)
		p.Put(c)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		start := time.Now()
		err := p.Close(ctx)
		require.Equal(t, time.Second, time.Since(start))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errImpatient)
		require.ErrorContains(t, err, "syncx: closing a Pool: 2 left: ")
		p.Put(a)
		require.Len(t, dead.all(), 2)
		require.ErrorContains(t, p.Close(ctx), "1 left", "a done context does not wait")
		p.Put(b)
		require.NoError(t, p.Close(ctx), "nothing is left to wait for")
	})
}

func TestManyMayCloseAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 2})
		a := get(t, p)
		p.Put(get(t, p))
		var wg sync.WaitGroup
		start := time.Now()
		for range 10 {
			wg.Go(func() {
				require.NoError(t, p.Close(t.Context()))
				require.Equal(t, time.Second, time.Since(start))
			})
		}
		time.Sleep(time.Second)
		p.Put(a)
		wg.Wait()
		require.Len(t, dead.all(), 2)
	})
}

func TestEmptyPoolClosesAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := newPool(1)
	require.NoError(t, p.Close(ctx))
	requireClosed(t, p)
}

func TestWhatIsCreatedDuringCloseIsDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var destroyed int
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 1,
			Create:  func(context.Context) (int, error) { time.Sleep(time.Minute); return 7, nil },
			Destroy: func(n int) { destroyed = n },
		})
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := p.Get(t.Context())
			require.Equal(t, syncx.ErrClosed, err)
		})
		synctest.Wait()
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, time.Minute, time.Since(start))
		require.Equal(t, 7, destroyed)
		wg.Wait()
	})
}

// The waiter has got the place, and before it runs the pool is closed.
func TestNothingIsCreatedForAWaiterAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		it := get(t, p)
		got := make(chan error, 1)
		go func() {
			_, err := p.Get(t.Context())
			got <- err
		}()
		synctest.Wait()
		p.Discard(it)
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, syncx.ErrClosed, <-got)
		st := p.Stats()
		require.EqualValues(t, 1, st.Created)
		require.Zero(t, st.CreateFailures)
	})
}

func TestHungDestroyDoesNotHangCloseBeyondItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := syncx.NewPool(syncx.PoolOptions[int]{
			MaxOpen: 2, Create: numbered(), Destroy: func(int) { <-release },
		})
		a, b := get(t, p), get(t, p)
		p.Put(a)
		p.Put(b)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorContains(t, p.Close(ctx), "2 left")
		close(release)
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestClosedPoolHasNoTimerLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dead := mortal(syncx.PoolOptions[int]{MaxOpen: 1, MaxIdleTime: time.Minute, MaxLifetime: time.Hour})
		p.Put(get(t, p))
		require.NoError(t, p.Close(t.Context()))
		require.False(t, p.Armed())
		require.False(t, p.StopAlarm())
		time.Sleep(time.Hour)
		require.Len(t, dead.all(), 1)
	})
}
