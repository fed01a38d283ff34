package cache_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/cache"
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
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that loads begin in another order than their flights
	c := cache.New(cache.Options[string, string]{})
	ctx := context.Background()
	gone := &leaving{Context: ctx, done: make(chan struct{})}
	close(gone.done)
	_, err := c.Take(gone, "k", func(ctx context.Context) (string, error) { return "", ctx.Err() })
	require.Error(t, err)
	started, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = c.Take(ctx, "k", func(context.Context) (string, error) {
			close(started)
			<-release
			return "old", nil
		})
	}()
	<-started
	for range 100 {
		runtime.Gosched() // the load that was left ends
	}
	c.Delete("k")
	time.AfterFunc(20*time.Millisecond, func() { close(release) })
	v, err := c.Take(ctx, "k", func(context.Context) (string, error) { return "new", nil })
	require.NoError(t, err)
	require.Equal(t, "new", v)
	<-ended
	require.NoError(t, c.Close(ctx))
}

type notThis struct{ error }

func (notThis) NotFound() bool  { return false }
func (e notThis) Unwrap() error { return e.error }

func TestAnErrorThatWrapsErrNotFoundIsOneWhateverElseItSays(t *testing.T) {
	c := cache.New(cache.Options[string, int]{})
	_, err := c.Take(t.Context(), "k", func(context.Context) (int, error) { return 0, notThis{cache.ErrNotFound} })
	require.Equal(t, cache.ErrNotFound, err)
	require.Equal(t, 1, c.Stats().Absent)
}

// The store updates a value and its deadline one after the other.
func TestAnOldValueIsNotFoundUnderANewDeadline(t *testing.T) {
	c := cache.New(cache.Options[int, int]{TTL: time.Hour, Jitter: -1, StaleOnError: time.Hour})
	var phase atomic.Int64 // the last odd value whose time is over
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
			}
			over := phase.Load()
			if v, ok := c.Get(1); ok && v%2 == 1 && int64(v) <= over {
				t.Errorf("got %d, when %d was over", v, over)
				return
			}
		}
	}()
	for i := 1; i < 20_000; i += 2 {
		c.SetTTL(1, i, 1)
		for {
			if _, ok := c.Get(1); !ok {
				break
			}
		}
		phase.Store(int64(i))
		c.Set(1, i+1)
	}
	close(stop)
	<-ended
}
