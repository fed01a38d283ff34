package cache_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/cache"
)

// during makes a change while a load is under way, and lets the load end after it.
func during(t *testing.T, o cache.Options[string, int], then loader, change func(c *cache.Cache[string, int])) (*cache.Cache[string, int], result) {
	t.Helper()
	c := exact(t, o)
	g := newGate()
	wait := takes(1, c, t.Context(), "a", g.load(then))
	<-g.began
	change(c)
	close(g.end)
	r := wait()[0]
	synctest.Wait()
	return c, r
}

func TestDeleteDuringALoadWins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, r := during(t, cache.Options[string, int]{}, gives(7), func(c *cache.Cache[string, int]) { c.Delete("a") })
		require.Equal(t, result{v: 7}, r, "who waits gets it")
		lacks(t, c, "a")
	})
}

func TestClearDuringALoadWins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, r := during(t, cache.Options[string, int]{}, gives(7), func(c *cache.Cache[string, int]) { c.Clear() })
		require.Equal(t, result{v: 7}, r)
		lacks(t, c, "a")
	})
}

func TestSetDuringALoadWins(t *testing.T) {
	for name, set := range map[string]func(c *cache.Cache[string, int]){
		"Set":    func(c *cache.Cache[string, int]) { c.Set("a", 8) },
		"SetTTL": func(c *cache.Cache[string, int]) { c.SetTTL("a", 8, time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, r := during(t, cache.Options[string, int]{}, gives(7), set)
				require.Equal(t, result{v: 7}, r)
				has(t, c, "a", 8)
			})
		})
	}
}

func TestSetDuringALoadThatFindsNothingWins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, r := during(t, cache.Options[string, int]{}, fails(cache.ErrNotFound), func(c *cache.Cache[string, int]) { c.Set("a", 8) })
		require.Equal(t, result{err: cache.ErrNotFound}, r)
		has(t, c, "a", 8)
		require.Zero(t, c.Stats().Absent)
	})
}

func TestDeleteDuringALoadThatFindsNothingWins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := during(t, cache.Options[string, int]{}, fails(cache.ErrNotFound), func(c *cache.Cache[string, int]) { c.Delete("a") })
		v, err := c.Take(ctx, "a", gives(9))
		require.NoError(t, err)
		require.Equal(t, 9, v)
	})
}

func TestChangesOfOtherKeysDoNotTouchALoad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := during(t, cache.Options[string, int]{}, gives(7), func(c *cache.Cache[string, int]) {
			c.Set("b", 1)
			c.Delete("c")
		})
		has(t, c, "a", 7)
	})
}

func TestTakeAfterADeleteDoesNotJoinTheLoadBeforeIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{})
		old, young := newGate(), newGate()
		first := takes(1, c, t.Context(), "a", old.load(gives(1)))
		<-old.began
		c.Delete("a")
		second := takes(1, c, t.Context(), "a", young.load(gives(2)))
		<-young.began
		close(old.end)
		require.Equal(t, result{v: 1}, first()[0])
		synctest.Wait()
		lacks(t, c, "a")
		close(young.end)
		require.Equal(t, result{v: 2}, second()[0])
		has(t, c, "a", 2)
	})
}

func TestLoadStoresItsResultThoughItsKeyWasDeletedBeforeItBegan(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	c.Delete("a")
	_, err := c.Take(ctx, "a", gives(1))
	require.NoError(t, err)
	has(t, c, "a", 1)
}

// Whatever the order of things, no value is read that was out of date when a
// Delete returned.
func TestNoTakeReadsWhatADeleteHasEnded(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	source := make(chan int, 1) // one value, which it takes a lock to see
	source <- 0
	load := func(context.Context) (int, error) {
		v := <-source
		source <- v
		return v, nil
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = c.Take(ctx, "a", load)
				}
			}
		})
	}
	for i := 1; i <= 3000; i++ {
		<-source
		source <- i
		c.Delete("a")
		v, err := c.Take(ctx, "a", load)
		require.NoError(t, err)
		require.Equal(t, i, v)
	}
	close(stop)
	readers.Wait()
}
