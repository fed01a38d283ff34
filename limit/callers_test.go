package limit_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

// take takes n permits that must be free.
func take(t *testing.T, l *limit.Concurrency, n int) []weir.Permit {
	t.Helper()
	permits := make([]weir.Permit, n)
	for i := range permits {
		p, err := l.Allow(t.Context())
		require.NoError(t, err, "permit %d of %d", i+1, n)
		permits[i] = p
	}
	return permits
}

// settle gives permits back.
func settle(permits ...weir.Permit) {
	for _, p := range permits {
		p.Done(weir.Success)
	}
}

// requireWhole checks that all permits are back and can all be taken again.
func requireWhole(t *testing.T, l *limit.Concurrency) {
	t.Helper()
	st := l.Stats()
	require.Zero(t, st.InFlight)
	require.Zero(t, st.Waiting)
	permits := take(t, l, st.Max)
	require.Equal(t, st.Max, l.Stats().InFlight)
	settle(permits...)
	require.Zero(t, l.Stats().InFlight)
}

// A caller calls Allow on a goroutine of its own, inside a synctest bubble. After
// synctest.Wait its fields tell how far it got.
type caller struct {
	returned atomic.Bool
	after    time.Duration // how long Allow took
	permit   weir.Permit
	err      error
}

// call starts a caller and waits until Allow has returned or queues.
func call(ctx context.Context, l *limit.Concurrency) *caller {
	c := &caller{}
	go func() {
		start := time.Now()
		c.permit, c.err = l.Allow(ctx)
		c.after = time.Since(start)
		c.returned.Store(true)
	}()
	synctest.Wait()
	return c
}

// requireAdmitted checks that the caller has its permit.
func (c *caller) requireAdmitted(t *testing.T) {
	t.Helper()
	require.True(t, c.returned.Load())
	require.NoError(t, c.err)
}

// requireWaiting checks that the caller still queues.
func (c *caller) requireWaiting(t *testing.T) {
	t.Helper()
	require.False(t, c.returned.Load())
}
