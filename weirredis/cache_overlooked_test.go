package weirredis_test

import (
	"context"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirredis"
)

// leaving is a context that is found to be done when it is looked at for the third
// time, although its channel says so at once.
type leaving struct {
	context.Context
	looks atomic.Int32
	done  chan struct{}
}

func (e *leaving) Done() <-chan struct{} { return e.done }
func (e *leaving) Err() error {
	if e.looks.Add(1) <= 2 {
		return nil
	}
	return context.Canceled
}

func TestATakeAfterADeleteJoinsNoLoadFromBefore(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[string]{Client: client})
	e := &leaving{Context: context.Background(), done: make(chan struct{})}
	close(e.done)
	started, release := make(chan struct{}), make(chan struct{})
	_, err := c.Take(e, "k", func(ctx context.Context) (string, error) { return "", ctx.Err() })
	require.Error(t, err)
	go c.Take(ctx, "k", func(context.Context) (string, error) {
		close(started)
		<-release
		return "old", nil
	})
	<-started
	time.Sleep(10 * time.Millisecond)
	require.NoError(t, c.Delete(ctx, "k"))
	time.AfterFunc(20*time.Millisecond, func() { close(release) })
	v, err := c.Take(ctx, "k", func(context.Context) (string, error) { return "new", nil })
	require.NoError(t, err)
	require.Equal(t, "new", v)
}

func TestWhatAnOverruledLoadHasKeptGoesThoughItsCallerHasLeft(t *testing.T) {
	m, client := inMemory(t)
	var lost atomic.Int32
	c := closing(t, weirredis.CacheOptions[string]{Client: client, MaxPendingDeletes: -1, OnDeleteLost: func(string, error) { lost.Add(1) }})
	ctx, cancel := context.WithCancel(bg)
	var once atomic.Bool
	m.during = func(cmd string) {
		if cmd == "set" && once.CompareAndSwap(false, true) {
			require.NoError(t, c.Delete(bg, "k"))
		}
	}
	m.fail = func(cmd string) error {
		if cmd == "set" {
			cancel() // Redis executes it, and the last caller leaves before the answer
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	}
	_, err := c.Take(ctx, "k", func(context.Context) (string, error) { return "old", nil })
	require.ErrorIs(t, err, context.Canceled)
	time.Sleep(50 * time.Millisecond)
	v, found, err := c.Get(bg, "k")
	require.NoError(t, err)
	require.False(t, found, "%q, lost %d", v, lost.Load())
}

func TestWhatIsSetWhileALoadFindsNothingStays(t *testing.T) {
	m, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[string]{Client: client})
	var once atomic.Bool
	m.during = func(cmd string) {
		if cmd == "set" && once.CompareAndSwap(false, true) {
			require.NoError(t, c.Set(bg, "k", "mine"))
		}
	}
	_, err := c.Take(bg, "k", func(context.Context) (string, error) { return "", weirredis.ErrNotFound })
	require.Equal(t, weirredis.ErrNotFound, err)
	v, found, err := c.Get(bg, "k")
	require.NoError(t, err)
	require.True(t, found, "what somebody else has set stays")
	require.Equal(t, "mine", v)
}

func TestADeadlineThatTheConnectionSeesFirstIsTheCallers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	wrong := map[string]int{}
	for range 100 {
		client := redis.NewClient(&redis.Options{Addr: l.Addr().String(), ContextTimeoutEnabled: true, MaxRetries: -1, Protocol: 2, DisableIdentity: true})
		c := weirredis.NewCache(weirredis.CacheOptions[string]{Client: client, Timeout: -1})
		ctx, cancel := context.WithTimeout(bg, 5*time.Millisecond)
		_, _, err := c.Get(ctx, "k")
		if err != context.DeadlineExceeded {
			wrong[err.Error()]++
		}
		cancel()
		client.Close()
	}
	require.Empty(t, wrong)
}

func TestAHookThatPanicsIsRaisedInTheCallerOfDelete(t *testing.T) {
	m, client := inMemory(t)
	m.fail = func(string) error { return errNode }
	c := closing(t, weirredis.CacheOptions[string]{
		Client: client, MaxPendingDeletes: -1, OnDeleteLost: func(string, error) { panic("mine") },
	})
	require.PanicsWithValue(t, "mine", func() { _ = c.Delete(bg, "k") })
}

func TestASecondCloseWaitsForWhatTheFirstIsTrying(t *testing.T) {
	m, client := inMemory(t)
	c := weirredis.NewCache(weirredis.CacheOptions[string]{Client: client})
	m.fail = func(string) error { return errNode }
	require.ErrorIs(t, c.Delete(bg, "k"), errNode)
	trying, goOn := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	m.during = func(string) {
		if once.CompareAndSwap(false, true) {
			close(trying)
			<-goOn
		}
	}
	first := make(chan error, 1)
	go func() { first <- c.Close(bg) }()
	<-trying
	ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Close(ctx), context.DeadlineExceeded)
	close(goOn)
	require.ErrorIs(t, <-first, errNode)
	require.ErrorIs(t, c.Close(bg), errNode, "it is pending still")
}
