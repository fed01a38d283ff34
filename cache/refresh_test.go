package cache_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/cache"
)

func ahead() cache.Options[string, int] {
	return cache.Options[string, int]{TTL: time.Hour, RefreshAfter: 10 * time.Minute}
}

func take(t testing.TB, c *cache.Cache[string, int], load loader) int {
	t.Helper()
	v, err := c.Take(ctx, "a", load)
	require.NoError(t, err)
	return v
}

func TestTakeRefreshesAheadAndReturnsTheOldValueMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, ahead())
		c.Set("a", 1)
		time.Sleep(10*time.Minute - 1)
		require.Equal(t, 1, take(t, c, mustNot(t)))
		time.Sleep(time.Nanosecond)
		g := newGate()
		for range 100 {
			require.Equal(t, 1, take(t, c, g.load(gives(2))))
		}
		<-g.began
		has(t, c, "a", 1)
		close(g.end)
		synctest.Wait()
		has(t, c, "a", 2)
		require.Equal(t, 1, g.calls)
		require.Equal(t, uint64(1), c.Stats().Refreshes)
		time.Sleep(10*time.Minute - 1)
		require.Equal(t, 2, take(t, c, mustNot(t)), "it is as good as new")
		time.Sleep(50 * time.Minute)
		has(t, c, "a", 2)
		time.Sleep(time.Nanosecond)
		lacks(t, c, "a")
	})
}

func TestGetRefreshesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, ahead())
		c.Set("a", 1)
		time.Sleep(time.Hour - 1)
		has(t, c, "a", 1)
		require.Zero(t, c.Stats().Refreshes)
	})
}

func TestKeyInUseNeverExpiresUnderItsUsers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, ahead())
		v := 0
		load := func(context.Context) (int, error) {
			time.Sleep(20 * time.Second)
			v++
			return v, nil
		}
		take(t, c, load)
		start := time.Now()
		for range 24 * 60 {
			before := time.Now()
			take(t, c, load)
			require.Equal(t, before, time.Now(), "nobody waits")
			time.Sleep(time.Minute)
		}
		require.Equal(t, 24*time.Hour, time.Since(start))
		require.InDelta(t, 24*6, int(c.Stats().Refreshes), 15)
	})
}

func TestRefreshThatFailsKeepsTheValueAndIsTriedAgainLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, ahead())
		c.Set("a", 1)
		time.Sleep(10 * time.Minute)
		calls := 0
		load := func(context.Context) (int, error) {
			calls++
			return 0, errDown
		}
		for range 100 {
			require.Equal(t, 1, take(t, c, load))
			synctest.Wait()
		}
		require.Equal(t, 1, calls, "a source that is down is not hammered")
		time.Sleep(time.Minute)
		require.Equal(t, 1, take(t, c, load))
		synctest.Wait()
		require.Equal(t, 2, calls)
		time.Sleep(49 * time.Minute)
		lacks(t, c, "a")
	})
}

func TestRefreshThatFindsNothingRemovesTheValue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, ahead())
		c.Set("a", 1)
		time.Sleep(10 * time.Minute)
		require.Equal(t, 1, take(t, c, fails(cache.ErrNotFound)))
		synctest.Wait()
		_, err := c.Take(ctx, "a", mustNot(t))
		require.ErrorIs(t, err, cache.ErrNotFound)
	})
}

func TestSetDuringARefreshWins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, ahead())
		c.Set("a", 1)
		time.Sleep(10 * time.Minute)
		g := newGate()
		take(t, c, g.load(gives(2)))
		<-g.began
		c.Set("a", 3)
		close(g.end)
		synctest.Wait()
		has(t, c, "a", 3)
	})
}

func TestRefreshOutlivesItsCaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, ahead())
		c.Set("a", 1)
		time.Sleep(10 * time.Minute)
		caller, cancel := context.WithCancel(ctx)
		g := newGate()
		_, err := c.Take(caller, "a", g.load(gives(2)))
		require.NoError(t, err)
		loadCtx := <-g.began
		cancel()
		require.NoError(t, loadCtx.Err())
		close(g.end)
		synctest.Wait()
		has(t, c, "a", 2)
	})
}

func TestRefreshThatNeverEndsHoldsUpNobodyUntilTheValueExpires(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, ahead())
		c.Set("a", 1)
		time.Sleep(10 * time.Minute)
		g := newGate()
		for range 49 {
			require.Equal(t, 1, take(t, c, g.load(gives(2))))
			time.Sleep(time.Minute)
		}
		require.Equal(t, uint64(1), c.Stats().Refreshes, "one at a time")
		time.Sleep(time.Minute)
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := c.Take(short, "a", mustNot(t))
		require.ErrorIs(t, err, context.DeadlineExceeded, "now it is waited for, as long as callers like")
		close(g.end)
		synctest.Wait()
		has(t, c, "a", 2)
	})
}

func TestPanicOfARefreshIsReportedAndDoesNoHarm(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var got []*weir.Panic
		o := ahead()
		o.OnPanic = func(p *weir.Panic) { got = append(got, p) }
		c := exact(t, o)
		c.Set("a", 1)
		time.Sleep(10 * time.Minute)
		require.Equal(t, 1, take(t, c, func(context.Context) (int, error) { panic("lost") }))
		synctest.Wait()
		require.Len(t, got, 1)
		require.Equal(t, "lost", got[0].Value)
		require.Contains(t, string(got[0].Stack), "TestPanicOfARefresh")
		require.Equal(t, uint64(1), c.Stats().Panics)

		time.Sleep(time.Minute)
		take(t, c, func(context.Context) (int, error) {
			runtime.Goexit()
			return 0, nil
		})
		synctest.Wait()
		time.Sleep(time.Minute)
		take(t, c, gives(2))
		synctest.Wait()
		has(t, c, "a", 2)
	})
}

func stale() cache.Options[string, int] {
	return cache.Options[string, int]{TTL: time.Hour, StaleOnError: 30 * time.Minute}
}

func TestStaleValueIsReturnedOnlyIfTheLoadFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, stale())
		c.Set("a", 1)
		time.Sleep(time.Hour)
		lacks(t, c, "a")
		require.Equal(t, 1, take(t, c, fails(errDown)))
		lacks(t, c, "a")
		for range c.All() {
			t.Fatal("it is not among the values")
		}
		time.Sleep(30*time.Minute - 1)
		require.Equal(t, 1, take(t, c, fails(fmt.Errorf("dial: %w", context.DeadlineExceeded))))
		require.Equal(t, uint64(2), c.Stats().Stale)
		require.Equal(t, uint64(2), c.Stats().LoadsFailed)
		time.Sleep(time.Nanosecond)
		_, err := c.Take(ctx, "a", fails(errDown))
		require.True(t, err == errDown, "it has gone")
	})
}

func TestStaleValueGivesWayToANewOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, stale())
		c.Set("a", 1)
		time.Sleep(time.Hour)
		require.Equal(t, 2, take(t, c, gives(2)))
		has(t, c, "a", 2)
		time.Sleep(time.Hour)
		require.Equal(t, 2, take(t, c, fails(errDown)))
	})
}

func TestStaleValueGivesWayToNotFound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, stale())
		c.Set("a", 1)
		time.Sleep(time.Hour)
		_, err := c.Take(ctx, "a", fails(cache.ErrNotFound))
		require.ErrorIs(t, err, cache.ErrNotFound)
		time.Sleep(time.Minute)
		_, err = c.Take(ctx, "a", fails(errDown))
		require.True(t, err == errDown)
	})
}

func TestDeletedValueIsNotReturnedAsStale(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, stale())
		c.Set("a", 1)
		time.Sleep(time.Hour)
		g := newGate()
		wait := takes(2, c, t.Context(), "a", g.load(fails(errDown)))
		<-g.began
		c.Delete("a")
		close(g.end)
		for _, r := range wait() {
			require.True(t, r.err == errDown)
		}
	})
}

func TestEveryCallerWhoGetsAStaleValueIsCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, stale())
		c.Set("a", 1)
		time.Sleep(time.Hour)
		g := newGate()
		wait := takes(5, c, t.Context(), "a", g.load(fails(errDown)))
		synctest.Wait()
		close(g.end)
		for _, r := range wait() {
			require.Equal(t, result{v: 1}, r)
		}
		require.Equal(t, uint64(5), c.Stats().Stale)
		require.Equal(t, uint64(1), c.Stats().LoadsFailed)
	})
}
