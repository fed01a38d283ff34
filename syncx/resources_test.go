package syncx_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/syncx"
)

// A client counts how often it was closed.
type client struct {
	closed  atomic.Int64
	onClose func() error
}

func (c *client) Close() error {
	c.closed.Add(1)
	if c.onClose != nil {
		return c.onClose()
	}
	return nil
}

type clients = syncx.ResourceManager[string, *client]

func connect(c *client, d time.Duration) func(context.Context) (*client, error) {
	return func(context.Context) (*client, error) {
		time.Sleep(d)
		return c, nil
	}
}

func TestResourceOfAKeyIsCreatedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m clients
		var calls atomic.Int64
		want := new(client)
		for range 2 {
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					c, err := m.Get(t.Context(), "a", func(context.Context) (*client, error) {
						calls.Add(1)
						time.Sleep(time.Second)
						return want, nil
					})
					require.NoError(t, err)
					require.Same(t, want, c)
				})
			}
			wg.Wait()
		}
		require.EqualValues(t, 1, calls.Load())
		other, err := m.Get(t.Context(), "b", connect(new(client), 0))
		require.NoError(t, err)
		require.NotSame(t, want, other)
		require.NoError(t, m.Close(t.Context()))
		require.EqualValues(t, 1, want.closed.Load())
		require.EqualValues(t, 1, other.closed.Load())
	})
}

func TestErrorOfCreateIsNotKept(t *testing.T) {
	var m clients
	_, err := m.Get(t.Context(), "a", func(context.Context) (*client, error) { return nil, errDial })
	require.Equal(t, errDial, err)
	_, err = m.Get(t.Context(), "a", connect(new(client), 0))
	require.NoError(t, err)
}

func TestManagerIsClosedForGood(t *testing.T) {
	var m clients
	require.NoError(t, m.Close(t.Context()))
	require.NoError(t, m.Close(t.Context()))
	_, err := m.Get(t.Context(), "a", connect(new(client), 0))
	require.Equal(t, syncx.ErrClosed, err)
	c := new(client)
	_, _, err = m.Inject("a", c)
	require.Equal(t, syncx.ErrClosed, err)
	require.Zero(t, c.closed.Load(), "it stays the caller's")
	_, ok := m.Remove("a")
	require.False(t, ok)
	require.NoError(t, m.CloseKey("a"))
}

func TestCloseWaitsForWhatIsBeingCreatedAndClosesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m clients
		c := &client{onClose: func() error { time.Sleep(time.Second); return errDial }}
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := m.Get(t.Context(), "a", connect(c, time.Minute))
			require.Equal(t, syncx.ErrClosed, err)
		})
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				require.ErrorIs(t, m.Close(t.Context()), errDial)
				require.Equal(t, time.Minute+time.Second, time.Since(start))
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, c.closed.Load())
	})
}

func TestCloseJoinsAllErrorsAndStopsAtNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m clients
		all := map[string]*client{
			"fine":      {},
			"error":     {onClose: func() error { return errDial }},
			"panic":     {onClose: func() error { panic(errImpatient) }},
			"panic nil": {onClose: func() error { panic(nil) }},
			"Goexit":    {onClose: func() error { runtime.Goexit(); return nil }},
			"slow":      {onClose: func() error { time.Sleep(time.Minute); return nil }},
		}
		for key, c := range all {
			_, replaced, err := m.Inject(key, c)
			require.NoError(t, err)
			require.False(t, replaced)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := m.Close(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "syncx: closing a ResourceManager: 1 left: ")
		err = m.Close(t.Context())
		require.ErrorIs(t, err, errDial)
		require.ErrorIs(t, err, errImpatient)
		require.ErrorContains(t, err, "has ended its goroutine")
		var nilPanic *runtime.PanicNilError
		require.ErrorAs(t, err, &nilPanic)
		var caught *weir.Panic
		require.ErrorAs(t, err, &caught)
		require.NotEmpty(t, caught.Stack)
		require.Equal(t, err, m.Close(ctx), "what there is to say is said again")
		for key, c := range all {
			require.EqualValues(t, 1, c.closed.Load(), key)
		}
	})
}

func TestInjectedResourceWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m clients
		created, first, second := new(client), new(client), new(client)
		var wg sync.WaitGroup
		wg.Go(func() {
			c, err := m.Get(t.Context(), "a", connect(created, time.Minute))
			require.NoError(t, err)
			require.Same(t, first, c)
		})
		synctest.Wait()
		_, replaced, err := m.Inject("a", first)
		require.NoError(t, err)
		require.False(t, replaced)
		wg.Wait()
		require.EqualValues(t, 1, created.closed.Load(), "created in vain")
		old, replaced, err := m.Inject("a", second)
		require.NoError(t, err)
		require.True(t, replaced)
		require.Same(t, first, old)
		require.Zero(t, first.closed.Load(), "it is the caller's")
		require.NoError(t, m.Close(t.Context()))
		require.Zero(t, first.closed.Load())
		require.EqualValues(t, 1, second.closed.Load())
	})
}

func TestClosedKeyIsCreatedAnew(t *testing.T) {
	var m clients
	c := &client{onClose: func() error { return errDial }}
	_, err := m.Get(t.Context(), "a", connect(c, 0))
	require.NoError(t, err)
	require.Equal(t, errDial, m.CloseKey("a"))
	require.NoError(t, m.CloseKey("a"))
	next := new(client)
	got, err := m.Get(t.Context(), "a", connect(next, 0))
	require.NoError(t, err)
	require.Same(t, next, got)
	got, ok := m.Remove("a")
	require.True(t, ok)
	require.Same(t, next, got)
	require.NoError(t, m.Close(t.Context()))
	require.Zero(t, next.closed.Load())
}

func TestCallerOfACreateLeavesAtOnceAndWhatComesIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m clients
		c := new(client)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		start := time.Now()
		_, err := m.Get(ctx, "a", connect(c, time.Minute))
		require.ErrorIs(t, err, errImpatient)
		require.Equal(t, time.Second, time.Since(start))
		time.Sleep(time.Minute)
		got, err := m.Get(t.Context(), "a", connect(nil, 0))
		require.NoError(t, err)
		require.Same(t, c, got)
	})
}

func TestCreateThatDoesNotReturnReachesAll(t *testing.T) {
	for name, e := range noReturns {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var m clients
				for _, out := range endings(3, func() {
					_, _ = m.Get(t.Context(), "a", func(context.Context) (*client, error) {
						time.Sleep(time.Second)
						e.end()
						return nil, nil
					})
				}) {
					require.False(t, out.returned)
					if e.recovered == nil {
						require.Nil(t, out.panicked)
						continue
					}
					require.IsType(t, e.recovered, out.panicked.(*weir.Panic).Value)
				}
				_, err := m.Get(t.Context(), "a", connect(new(client), 0))
				require.NoError(t, err)
				require.NoError(t, m.Close(t.Context()), "it waits for nobody")
			})
		})
	}
}

func TestManagerRefusesBadInput(t *testing.T) {
	ctx := context.Background()
	var m syncx.ResourceManager[any, interface{ Close() error }]
	create := func(context.Context) (interface{ Close() error }, error) { return new(client), nil }
	require.PanicsWithValue(t, "syncx: ResourceManager has no nil create to call", func() { _, _ = m.Get(ctx, 1, nil) })
	require.PanicsWithValue(t, "syncx: ResourceManager cannot keep a nil resource", func() { _, _, _ = m.Inject(1, nil) })
	for _, key := range []any{math.NaN(), []int{1}} {
		require.Panics(t, func() { _, _ = m.Get(ctx, key, create) })
		require.Panics(t, func() { _, _, _ = m.Inject(key, new(client)) })
	}
	_, err := m.Get(ctx, 1, func(context.Context) (interface{ Close() error }, error) { return nil, nil })
	require.EqualError(t, err, "syncx: a create has returned nil, and no error")
	_, err = m.Get(ctx, 1, create)
	require.NoError(t, err)
	require.NoError(t, m.Close(ctx))
}

func TestCreateThatAsksForItsKeyIsAnError(t *testing.T) {
	var m clients
	_, err := m.Get(t.Context(), "a", func(ctx context.Context) (*client, error) {
		return m.Get(ctx, "a", connect(new(client), 0))
	})
	require.Equal(t, syncx.ErrRecursive, err)
}

// A create has stored its resource before it has ended: who joins it then must not
// be given what was taken out in between.
func TestNobodyIsGivenWhatHeHasTakenOut(t *testing.T) {
	for range 5 * stress {
		var m syncx.ResourceManager[int, *client]
		create := func(context.Context) (*client, error) { return new(client), nil }
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				mine, err := m.Get(t.Context(), 1, create)
				require.NoError(t, err)
				if i%2 == 0 {
					require.NoError(t, m.CloseKey(1))
				} else if old, ok := m.Remove(1); ok {
					mine = old
				}
				next, err := m.Get(t.Context(), 1, create)
				require.NoError(t, err)
				require.False(t, i%2 != 0 && next == mine)
			})
		}
		wg.Wait()
		require.NoError(t, m.Close(t.Context()))
	}
}

// Whatever happens, what was created is closed exactly once.
func TestManagerStandsACrowd(t *testing.T) {
	for range 10 * stress {
		var m syncx.ResourceManager[int, *client]
		var mu sync.Mutex
		var all []*client
		newClient := func() *client {
			c := new(client)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, c)
			return c
		}
		var wg sync.WaitGroup
		for i := range 1000 {
			key := i % 5
			wg.Go(func() {
				switch {
				case i%20 == 0:
					_ = m.CloseKey(key)
				case i%33 == 0:
					c := newClient()
					if old, replaced, err := m.Inject(key, c); err != nil {
						_ = c.Close()
					} else if replaced {
						_ = old.Close()
					}
				case i == 900:
					require.NoError(t, m.Close(context.Background()))
				default:
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*time.Microsecond)
					defer cancel()
					_, err := m.Get(ctx, key, func(context.Context) (*client, error) {
						runtime.Gosched()
						return newClient(), nil
					})
					if err != nil && !errors.Is(err, syncx.ErrClosed) && !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		require.NoError(t, m.Close(context.Background()))
		for _, c := range all {
			require.EqualValues(t, 1, c.closed.Load())
		}
	}
}
