package cache_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/weirgo/weir/cache"
)

type ctxT = context.Context

func TestCacheHasNoGoroutineOfItsOwn(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for range 100 {
		c := cache.New(cache.Options[string, int]{})
		c.Set("a", 1)
		_, _ = c.Take(ctx, "b", fails(cache.ErrNotFound))
	}
	goleak.VerifyNone(t, before)
}

func TestCloseLeavesNoGoroutineAndNoTimer(t *testing.T) {
	before := goleak.IgnoreCurrent()
	bubble(t, func(t *testing.T) {
		c := cache.New(cache.Options[string, int]{RefreshAfter: time.Minute})
		for range 1000 {
			c.Set("a", 1)
			c.Get("a")
		}
		time.Sleep(time.Minute)
		_, _ = c.Take(ctx, "a", gives(2))
		_, _ = c.Take(ctx, "b", gives(2))
		require.NoError(t, c.Close(ctx))
	}) // the bubble fails if any is left
	goleak.VerifyNone(t, before)
}

func TestClosedCacheIsEmptyAndStaysSo(t *testing.T) {
	c := cache.New(cache.Options[string, int]{})
	c.Set("a", 1)
	_, _ = c.Take(ctx, "b", fails(cache.ErrNotFound))
	for range 2 { // it can be closed again
		require.NoError(t, c.Close(ctx))
		lacks(t, c, "a")
		c.Set("a", 2)
		c.SetTTL("a", 2, time.Hour)
		c.SetTTL("a", 2, -1)
		c.Delete("a")
		c.Clear()
		lacks(t, c, "a")
		_, err := c.Take(ctx, "a", mustNot(t))
		require.True(t, err == cache.ErrClosed)
		require.Zero(t, c.Len())
		for range c.All() {
			t.Fatal("there is a value")
		}
		st := c.Stats()
		require.Zero(t, st.Entries)
		require.Zero(t, st.Absent)
	}
}

func TestCloseEndsLoadsAndWaitsForThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := cache.New(cache.Options[string, int]{})
		var cause error
		wait := takes(2, c, ctx, "a", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			cause = context.Cause(ctx)
			time.Sleep(time.Second)
			return 0, ctx.Err()
		})
		synctest.Wait()
		start := time.Now()
		require.NoError(t, c.Close(ctx))
		require.Equal(t, time.Second, time.Since(start))
		require.True(t, cause == cache.ErrClosed)
		for _, r := range wait() {
			require.True(t, r.err == cache.ErrClosed, "%v", r)
		}
	})
}

func TestCloseEndsRefreshesAndWaitsForThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, ahead())
		c.Set("a", 1)
		time.Sleep(10 * time.Minute)
		ended := false
		take(t, c, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
			return 2, nil
		})
		synctest.Wait()
		require.NoError(t, c.Close(ctx))
		require.True(t, ended)
		lacks(t, c, "a")
	})
}

func TestCloseGivesUpWhenItsContextIsDone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := cache.New(cache.Options[string, int]{})
		g := newGate() // it does not heed its context
		wait := takes(1, c, ctx, "a", g.load(gives(1)))
		synctest.Wait()
		short, cancel := context.WithTimeoutCause(ctx, time.Second, errDown)
		defer cancel()
		err := c.Close(short)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errDown)
		_, err = c.Take(ctx, "b", mustNot(t))
		require.True(t, err == cache.ErrClosed, "it is closed all the same")
		close(g.end)
		require.NoError(t, c.Close(ctx))
		require.Equal(t, result{v: 1}, wait()[0])
		lacks(t, c, "a")
	})
}

func TestErrorOfALoadIsKeptThoughTheCacheIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := cache.New(cache.Options[string, int]{})
		g := newGate()
		wait := takes(1, c, ctx, "a", g.load(fails(errDown)))
		synctest.Wait()
		closing := make(chan error)
		go func() { closing <- c.Close(ctx) }()
		synctest.Wait()
		close(g.end)
		require.NoError(t, <-closing)
		require.True(t, errors.Is(wait()[0].err, errDown))
	})
}

func TestDroppedCacheIsCollected(t *testing.T) {
	loose := func() weak.Pointer[cache.Cache[string, int]] {
		c := cache.New(cache.Options[string, int]{})
		c.Set("a", 1)
		return weak.Make(c)
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		return loose.Value() == nil
	}, 10*time.Second, time.Millisecond, "its timer must not hold it")
}

func TestMemoryOfWhatHasExpiredIsGivenBackThoughNobodyAsks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := cache.New(cache.Options[int, *[1024]byte]{TTL: time.Minute})
		defer c.Close(ctx)
		for round := range 3 {
			var values []weak.Pointer[[1024]byte]
			for i := range 1000 {
				v := new([1024]byte)
				values = append(values, weak.Make(v))
				c.Set(i, v)
			}
			_, err := c.Take(ctx, -1, func(ctxT) (*[1024]byte, error) { return nil, cache.ErrNotFound })
			require.ErrorIs(t, err, cache.ErrNotFound)
			time.Sleep(time.Minute*105/100 + 2*time.Second)
			require.Equal(t, cache.Stats{
				Misses: uint64(round + 1), LoadsNotFound: uint64(round + 1), Expired: uint64(1000 * (round + 1)),
			}, c.Stats())
			time.Sleep(2 * time.Second)
			runtime.GC()
			runtime.GC()
			for _, v := range values {
				require.Nil(t, v.Value())
			}
		}
	})
}
