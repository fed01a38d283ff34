package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/cache"
	"github.com/weirgo/weir/syncx"
)

func TestHundredConcurrentTakesLoadOnce(t *testing.T) {
	for name, ctx := range contexts(t) {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := exact(t, cache.Options[string, int]{})
				g := newGate()
				wait := takes(100, c, ctx(t), "a", g.load(gives(7)))
				synctest.Wait()
				close(g.end)
				for _, r := range wait() {
					require.Equal(t, result{v: 7}, r)
				}
				require.Equal(t, 1, g.calls)
				has(t, c, "a", 7)
				v, err := c.Take(ctx(t), "a", mustNot(t))
				require.NoError(t, err)
				require.Equal(t, 7, v)
			})
		})
	}
}

// contexts are one that cannot be cancelled, with which a load runs in the
// goroutine of its first caller, and one that can.
func contexts(*testing.T) map[string]func(t *testing.T) context.Context {
	return map[string]func(t *testing.T) context.Context{
		"background":  func(*testing.T) context.Context { return context.Background() },
		"cancellable": func(t *testing.T) context.Context { return t.Context() },
	}
}

func TestWhoComesJustAfterALoadDoesNotLoadAgain(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	for round := range 200 {
		key := fmt.Sprint(round)
		calls := 0 // unguarded: the race detector tells if there is more than one at a time
		wait := takes(20, c, ctx, key, func(context.Context) (int, error) {
			calls++
			return calls, nil
		})
		for _, r := range wait() {
			require.Equal(t, result{v: 1}, r)
		}
		require.Equal(t, 1, calls)
	}
}

// A hooked context does something when it is asked for its error once more, which
// is after Take has found nothing and before it joins or begins a load.
type hooked struct {
	context.Context
	asked int
	hook  func()
}

func (h *hooked) Err() error {
	if h.asked++; h.asked == 2 {
		h.hook()
	}
	return nil
}

func TestWhoMissesJustBeforeAValueIsThereDoesNotLoadIt(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	v, err := c.Take(&hooked{Context: ctx, hook: func() { c.Set("a", 7) }}, "a", mustNot(t))
	require.NoError(t, err)
	require.Equal(t, 7, v)
	_, err = c.Take(&hooked{Context: ctx, hook: func() { _, _ = c.Take(ctx, "b", fails(cache.ErrNotFound)) }}, "b", mustNot(t))
	require.True(t, err == cache.ErrNotFound)
	require.Equal(t, uint64(3), c.Stats().Misses)
}

func TestErrorIsSharedAndNotStored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{})
		g := newGate()
		wait := takes(10, c, t.Context(), "a", g.load(fails(errDown)))
		synctest.Wait()
		close(g.end)
		for _, r := range wait() {
			require.True(t, r.err == errDown, "as it is, not wrapped")
		}
		require.Equal(t, 1, g.calls)
		lacks(t, c, "a")
		v, err := c.Take(ctx, "a", gives(8))
		require.NoError(t, err)
		require.Equal(t, 8, v)
	})
}

func TestEveryCallerSeesThePanicOfTheLoad(t *testing.T) {
	for name, ctx := range contexts(t) {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := exact(t, cache.Options[string, int]{})
				g := newGate()
				wait := takes(3, c, ctx(t), "a", g.load(func(context.Context) (int, error) { panic(errDown) }))
				synctest.Wait()
				close(g.end)
				for _, r := range wait() {
					p, ok := r.panicked.(*weir.Panic)
					require.True(t, ok, "%v", r)
					require.True(t, p.Value == errDown)
					require.Contains(t, string(p.Stack), "TestEveryCallerSeesThePanicOfTheLoad")
				}
				require.Equal(t, uint64(1), c.Stats().LoadsFailed)
				v, err := c.Take(ctx(t), "a", gives(1))
				require.NoError(t, err, "nothing is left locked")
				require.Equal(t, 1, v)
			})
		})
	}
}

func TestGoexitOfTheLoadEndsEveryCaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{})
		g := newGate()
		wait := takes(3, c, t.Context(), "a", g.load(func(context.Context) (int, error) {
			runtime.Goexit()
			return 0, nil
		}))
		synctest.Wait()
		close(g.end)
		for _, r := range wait() {
			require.Equal(t, result{exited: true}, r)
		}
		require.Equal(t, cache.Stats{Misses: 3, LoadsFailed: 1}, c.Stats())
	})
}

func TestCancelledCallerLeavesAtOnceAndTheLoadGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{})
		g := newGate()
		first, leave := context.WithCancelCause(t.Context())
		one := takes(1, c, first, "a", g.load(gives(7)))
		loadCtx := <-g.began
		other := takes(1, c, t.Context(), "a", mustNot(t))
		synctest.Wait()
		leave(errDown)
		r := one()[0]
		require.ErrorIs(t, r.err, context.Canceled)
		require.ErrorIs(t, r.err, errDown, "with its cause")
		require.NoError(t, loadCtx.Err())
		close(g.end)
		require.Equal(t, result{v: 7}, other()[0])
		has(t, c, "a", 7)
	})
}

func TestLoadEndsWhenItsLastCallerHasLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{})
		g := newGate()
		callers, leave := context.WithCancel(t.Context())
		wait := takes(3, c, callers, "a", g.load(gives(7)))
		loadCtx := <-g.began
		synctest.Wait()
		leave()
		wait()
		synctest.Wait()
		require.ErrorIs(t, loadCtx.Err(), context.Canceled)

		// It takes its time to end. Another load need not wait for that, and what it
		// stores is the newer.
		v, err := c.Take(ctx, "a", gives(8))
		require.NoError(t, err)
		require.Equal(t, 8, v)
		close(g.end)
		synctest.Wait()
		has(t, c, "a", 8)
	})
}

func TestDoneContextWinsOverAHit(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	c.Set("a", 1)
	done, cancel := context.WithCancelCause(ctx)
	cancel(errDown)
	_, err := c.Take(done, "a", mustNot(t))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errDown)
	require.Zero(t, c.Stats().Hits)
}

func TestLoadHasTheValuesOfItsCallersContext(t *testing.T) {
	type key struct{}
	c := exact(t, cache.Options[string, int]{})
	v, err := c.Take(context.WithValue(ctx, key{}, 9), "a", func(ctx context.Context) (int, error) {
		return ctx.Value(key{}).(int), nil
	})
	require.NoError(t, err)
	require.Equal(t, 9, v)
}

func TestLoadThatTakesItsOwnKeyGetsAnError(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	_, err := c.Take(ctx, "a", func(ctx context.Context) (int, error) { return c.Take(ctx, "a", gives(1)) })
	require.ErrorIs(t, err, syncx.ErrRecursive)
	v, err := c.Take(ctx, "a", func(ctx context.Context) (int, error) { return c.Take(ctx, "b", gives(2)) })
	require.NoError(t, err)
	require.Equal(t, 2, v)
}

type missing struct{ id int }

func (m missing) Error() string  { return fmt.Sprintf("no user %d", m.id) }
func (m missing) NotFound() bool { return m.id > 0 }

func TestNotFoundIsRememberedForAMinuteThenAskedAgain(t *testing.T) {
	errNoRows := errors.New("no rows")
	for name, err := range map[string]error{
		"the sentinel": cache.ErrNotFound,
		"wrapped":      fmt.Errorf("user 7: %w", cache.ErrNotFound),
		"by method":    fmt.Errorf("load: %w", missing{7}),
		"by option":    fmt.Errorf("query: %w", errNoRows),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := exact(t, cache.Options[string, int]{IsNotFound: func(err error) bool { return errors.Is(err, errNoRows) }})
				_, got := c.Take(ctx, "a", fails(err))
				require.True(t, got == cache.ErrNotFound)
				time.Sleep(time.Minute - 1)
				_, got = c.Take(ctx, "a", mustNot(t))
				require.True(t, got == cache.ErrNotFound)
				lacks(t, c, "a")
				require.Equal(t, cache.Stats{Absent: 1, NotFoundHits: 2, Misses: 1, LoadsNotFound: 1}, c.Stats())
				time.Sleep(time.Nanosecond)
				v, got := c.Take(ctx, "a", gives(3))
				require.NoError(t, got)
				require.Equal(t, 3, v)
			})
		})
	}
}

func TestOtherErrorsAreNotTakenForNotFound(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	_, err := c.Take(ctx, "a", fails(missing{-1}))
	require.Equal(t, missing{-1}, err, "its NotFound says no")
	_, err = c.Take(ctx, "a", fails(errDown))
	require.Equal(t, errDown, err)
}

func TestWritesEndWhatIsKnownNotToBeFound(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	absent := func() {
		t.Helper()
		_, err := c.Take(ctx, "a", fails(cache.ErrNotFound))
		require.ErrorIs(t, err, cache.ErrNotFound)
	}
	absent()
	c.Set("a", 1)
	v, err := c.Take(ctx, "a", mustNot(t))
	require.NoError(t, err)
	require.Equal(t, 1, v)
	c.Delete("a")
	absent()
	require.Equal(t, 1, c.Stats().Absent)
	c.Delete("a")
	require.Zero(t, c.Stats().Absent)
	absent()
	c.Clear()
	_, err = c.Take(ctx, "a", gives(2))
	require.NoError(t, err)
}

func TestNotFoundDoesNotComeBackWhenWhatReplacedItExpires(t *testing.T) {
	for name, store := range map[string]func(c *cache.Cache[string, int]){
		"Set": func(c *cache.Cache[string, int]) { c.Set("a", 1) },
		"load": func(c *cache.Cache[string, int]) {
			time.Sleep(10 * time.Second)
			_, _ = c.Take(ctx, "a", gives(1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := exact(t, cache.Options[string, int]{TTL: time.Second, NotFoundTTL: 10 * time.Second})
				_, _ = c.Take(ctx, "a", fails(cache.ErrNotFound))
				store(c)
				has(t, c, "a", 1)
				time.Sleep(time.Second)
				v, err := c.Take(ctx, "a", gives(2))
				require.NoError(t, err)
				require.Equal(t, 2, v)
			})
		})
	}
}

func TestNotFoundIsNotRememberedIfTurnedOff(t *testing.T) {
	c := exact(t, cache.Options[string, int]{NotFoundTTL: -1})
	for range 2 {
		_, err := c.Take(ctx, "a", fails(cache.ErrNotFound))
		require.True(t, err == cache.ErrNotFound)
	}
	require.Equal(t, cache.Stats{Misses: 2, LoadsNotFound: 2}, c.Stats())
}

func TestFloodOfAbsentKeysIsBoundedAndFlushesNoValues(t *testing.T) {
	c := exact(t, cache.Options[string, int]{MaxEntries: 100})
	for i := range 50 {
		c.Set(fmt.Sprint("value ", i), i)
	}
	for i := range 5000 {
		_, err := c.Take(ctx, fmt.Sprint("made up ", i), fails(cache.ErrNotFound))
		require.ErrorIs(t, err, cache.ErrNotFound)
	}
	for i := range 50 {
		has(t, c, fmt.Sprint("value ", i), i)
	}
	require.Eventually(t, func() bool { return c.Stats().Absent <= 100 }, 10*time.Second, time.Millisecond)
}
