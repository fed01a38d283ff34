package weirredis_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirredis"
)

// failing returns a cache whose node deletes nothing until told otherwise, and
// what was lost.
func failing(t *testing.T, most int) (*weirredis.Cache[int], *memory, *[]string) {
	m, client := inMemory(t)
	m.fail = func(cmd string) error {
		if cmd == "del" {
			return errNode
		}
		return nil
	}
	lost := new([]string)
	c := weirredis.NewCache(weirredis.CacheOptions[int]{
		Client: client, Breaker: patientBreaker, Prefix: "p:", MaxPendingDeletes: most,
		OnDeleteLost: func(key string, err error) {
			require.ErrorIs(t, err, errNode)
			*lost = append(*lost, key)
		},
	})
	return c, m, lost
}

func since(start time.Time, at []time.Time) (d []time.Duration) {
	for _, t := range at {
		d = append(d, t.Sub(start))
	}
	return d
}

func TestDeletionThatFailsIsTriedAgainUpTheLadderAndGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m, lost := failing(t, 0)
		start := time.Now()
		require.ErrorIs(t, c.Delete(bg, "a"), errNode, "the caller is told")
		require.Equal(t, 1, c.Stats().PendingDeletes)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		rungs := []time.Duration{0, time.Second, 5 * time.Second, time.Minute, 5 * time.Minute, time.Hour}
		for i := 1; i < len(rungs); i++ {
			rungs[i] += rungs[i-1]
		}
		require.Equal(t, rungs, since(start, m.deletions()))
		require.Equal(t, []string{"a"}, *lost)
		st := c.Stats()
		require.Equal(t, weirredis.CacheStats{Failures: 6, RetriedDeletes: 5, LostDeletes: 1}, st)
		require.NoError(t, c.Close(bg))
	})
}

func TestDeletionThatFailsIsDoneOnceTheNodeAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m, lost := failing(t, 0)
		m.values["p:a"], m.values["p:b"] = "1", "1"
		require.Error(t, c.Delete(bg, "a"))
		time.Sleep(3 * time.Second)
		require.Error(t, c.Delete(bg, "b"))
		time.Sleep(2 * time.Second)
		require.Len(t, m.held(), 2)
		m.heal()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, map[string]string{"p:b": "1"}, m.held(), "after 6 s")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.Empty(t, m.held(), "b 6 s after it failed")
		require.Empty(t, *lost)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Zero(t, c.Stats().PendingDeletes)
		require.NoError(t, c.Close(bg))
	})
}

func TestDeletionsThatFailTogetherAreTriedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m, _ := failing(t, 0)
		var keys []string
		for i := range 300 {
			keys = append(keys, fmt.Sprint(i))
		}
		require.Error(t, c.Delete(bg, keys...))
		m.heal()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 600, m.count("del"))
		require.Equal(t, weirredis.CacheStats{Failures: 1, RetriedDeletes: 300}, c.Stats())
		require.NoError(t, c.Close(bg))
	})
}

func TestDeletionThatFailsAnewBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m, lost := failing(t, 0)
		start := time.Now()
		for range 3 {
			require.Error(t, c.Delete(bg, "a"))
		}
		require.Equal(t, 1, c.Stats().PendingDeletes)
		time.Sleep(70 * time.Second) // it waits for 5 min now
		m.let(func(m *memory) { m.at = nil })
		require.Error(t, c.Delete(bg, "a"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []time.Duration{70 * time.Second, 71 * time.Second, 76 * time.Second}, since(start, m.deletions()))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Equal(t, []string{"a"}, *lost)
		require.NoError(t, c.Close(bg))
	})
}

func TestPendingDeletionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, lost := failing(t, 2)
		require.Error(t, c.Delete(bg, "a", "b", "c", "d"))
		require.Equal(t, []string{"c", "d"}, *lost)
		require.Equal(t, 2, c.Stats().PendingDeletes)
		require.Error(t, c.Close(bg))

		c, m, lost := failing(t, -1)
		require.Error(t, c.Delete(bg, "a"))
		require.Equal(t, []string{"a"}, *lost)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Len(t, m.deletions(), 1)
		require.NoError(t, c.Close(bg))
	})
}

func TestCloseTriesPendingDeletionsALastTimeAndSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m, _ := failing(t, 0)
		m.values["p:a"] = "1"
		require.Error(t, c.Delete(bg, "a", "b"))
		err := c.Close(bg)
		require.EqualError(t, err, "weirredis: 2 keys are not deleted: weirredis: node memory: the node does not answer")
		m.let(func(m *memory) { m.at = nil })
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Empty(t, m.deletions(), "nothing goes on after Close")
		m.heal()
		require.NoError(t, c.Close(bg), "but it can be called again")
		require.Empty(t, m.held())
		require.NoError(t, c.Close(bg))
	})
}

// Forty failing deletions at shutdown, and a hook that deletes more.
func TestCloseDoesNotHangOnDeletionsThatFailMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, client := inMemory(t)
		m.fail = func(string) error { return errNode }
		var c *weirredis.Cache[int]
		c = weirredis.NewCache(weirredis.CacheOptions[int]{
			Client: client, Breaker: patientBreaker, MaxPendingDeletes: 40,
			OnDeleteLost: func(key string, _ error) {
				if key != "again" {
					_ = c.Delete(bg, "again")
				}
			},
		})
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() { _ = c.Delete(bg, fmt.Sprint(i)) })
		}
		wg.Wait()
		time.Sleep(time.Second)
		require.Error(t, c.Close(bg))
	})
}

func TestCloseStopsAPassThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, client := inMemory(t)
		c := weirredis.NewCache(weirredis.CacheOptions[int]{Client: client, Breaker: patientBreaker, Timeout: -1})
		m.fail = func(string) error { return errNode }
		require.Error(t, c.Delete(bg, "a"))
		hang := make(chan struct{})
		m.let(func(m *memory) { m.during = func(string) { <-hang } }) // heeding no context
		time.Sleep(time.Second)
		synctest.Wait()
		short, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		require.ErrorIs(t, c.Close(short), context.DeadlineExceeded)
		close(hang)
		m.heal()
		require.NoError(t, c.Close(bg))
	})
}

func TestClosedCacheRefusesEverything(t *testing.T) {
	c, m := people(t)
	require.NoError(t, m.Set("a", "{}"))
	for range 2 {
		require.NoError(t, c.Close(bg))
		_, _, err := c.Get(bg, "a")
		require.True(t, err == weirredis.ErrCacheClosed)
		_, err = c.Take(bg, "a", mustNot(t))
		require.True(t, err == weirredis.ErrCacheClosed)
		require.True(t, c.Set(bg, "a", ada) == weirredis.ErrCacheClosed)
		require.True(t, c.SetTTL(bg, "a", ada, 1) == weirredis.ErrCacheClosed)
		require.True(t, c.Delete(bg, "a") == weirredis.ErrCacheClosed)
	}
	require.True(t, m.Exists("a"))
}

func TestCloseEndsLoadsAndWaitsForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := inMemory(t)
		c := weirredis.NewCache(weirredis.CacheOptions[int]{Client: client})
		done := make(chan error)
		go func() {
			_, err := c.Take(bg, "a", func(ctx context.Context) (int, error) {
				<-ctx.Done()
				if context.Cause(ctx) != weirredis.ErrCacheClosed {
					t.Error(context.Cause(ctx))
				}
				time.Sleep(time.Second)
				return 0, ctx.Err()
			})
			done <- err
		}()
		synctest.Wait()
		short, cancel := context.WithTimeout(bg, time.Millisecond)
		defer cancel()
		require.ErrorIs(t, c.Close(short), context.DeadlineExceeded)
		start := time.Now()
		go func() { require.True(t, <-done == weirredis.ErrCacheClosed) }()
		require.NoError(t, c.Close(bg))
		require.Equal(t, time.Second-time.Millisecond, time.Since(start))
		synctest.Wait()
	})
}

func TestHookThatPanicsKeepsNoOtherKeyFromBeingTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, client := inMemory(t)
		m.fail = func(string) error { return errNode }
		var told []string
		var panics []any
		c := weirredis.NewCache(weirredis.CacheOptions[int]{
			Client: client, Breaker: patientBreaker,
			OnDeleteLost: func(key string, _ error) { told = append(told, key); panic(key) },
			OnPanic:      func(p *weir.Panic) { panics = append(panics, p.Value) },
		})
		require.ErrorIs(t, c.Delete(bg, "a", "b"), errNode)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.ElementsMatch(t, []string{"a", "b"}, told)
		require.ElementsMatch(t, []any{"a", "b"}, panics)
		require.EqualValues(t, 2, c.Stats().Panics)
		require.NoError(t, c.Close(bg))
	})
}
