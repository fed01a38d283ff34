package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/cache"
)

var (
	ctx     = context.Background()
	errDown = errors.New("the source is down")
)

type loader = func(context.Context) (int, error)

func gives(v int) loader     { return func(context.Context) (int, error) { return v, nil } }
func fails(err error) loader { return func(context.Context) (int, error) { return 0, err } }
func mustNot(t *testing.T) loader {
	return func(context.Context) (int, error) {
		t.Error("the source is asked")
		return 0, nil
	}
}

// exact returns a cache without jitter, closed at the end of the test.
func exact(t testing.TB, o cache.Options[string, int]) *cache.Cache[string, int] {
	t.Helper()
	if o.Jitter == 0 {
		o.Jitter = -1
	}
	c := cache.New(o)
	t.Cleanup(func() { require.NoError(t, c.Close(ctx)) })
	return c
}

func has(t testing.TB, c *cache.Cache[string, int], key string, want int) {
	t.Helper()
	v, ok := c.Get(key)
	require.True(t, ok, "%s is not there", key)
	require.Equal(t, want, v)
}

func lacks(t testing.TB, c *cache.Cache[string, int], key string) {
	t.Helper()
	v, ok := c.Get(key)
	require.False(t, ok, "%s is there: %d", key, v)
	require.Zero(t, v)
}

// A gate is a load that says when it has begun, and waits to be told to end.
type gate struct {
	calls int // changed by loads, of which one runs at a time
	began chan context.Context
	end   chan struct{}
}

func newGate() *gate { return &gate{began: make(chan context.Context, 10), end: make(chan struct{})} }

func (g *gate) load(then loader) loader {
	return func(ctx context.Context) (int, error) {
		g.calls++
		g.began <- ctx
		<-g.end
		return then(ctx)
	}
}

// result is what a call of Take came to.
type result struct {
	v        int
	err      error
	panicked any
	exited   bool
}

// takes calls Take n times at once and returns what the calls came to, once wait
// has returned.
func takes(n int, c *cache.Cache[string, int], ctx context.Context, key string, load loader) (wait func() []result) {
	results := make([]result, n)
	var wg sync.WaitGroup
	for i := range results {
		r := &results[i]
		r.exited = true
		wg.Go(func() {
			defer func() {
				if r.exited {
					if r.panicked = recover(); r.panicked != nil {
						r.exited = false
					}
				}
			}()
			r.v, r.err = c.Take(ctx, key, load)
			r.exited = false
		})
	}
	return func() []result {
		wg.Wait()
		return results
	}
}

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
