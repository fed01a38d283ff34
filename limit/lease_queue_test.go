package limit

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What one replica lets expire, all of them lack.
func TestAKeyThatCalmsDownTakesSmallerLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const gap = 250 * time.Millisecond
		s := newFakeStore()
		var replicas [2]*Token
		for i := range replicas {
			replicas[i] = leasing(s, Rate{10, 9 * gap}, 100, 20)
			for range 30 { // at once: large leases
				require.True(t, allow(replicas[i], "key").Allowed)
			}
		}
		for range 1000 { // nine tenths of what is allowed
			time.Sleep(gap)
			require.True(t, allow(replicas[0], "key").Allowed)
		}
		for range 90 { // the bucket has filled up meanwhile
			require.True(t, allow(replicas[1], "key").Allowed)
		}
	})
}

// Those who wait are asked for. If they leave, nobody keeps what was for them.
func TestTokensForThoseWhoLeftAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.delay = 20 * time.Millisecond
		l := leasing(s, PerSecond(1), 1000, 5)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { allow(l, "key") })
		synctest.Wait()
		all.Go(func() { allow(l, "key") }) // the next to ask
		synctest.Wait()
		for range 100 {
			all.Go(func() {
				_, err := l.Allow(ctx, "key")
				require.Equal(t, context.Canceled, err)
			})
		}
		time.Sleep(30 * time.Millisecond)
		cancel()
		all.Wait()
		require.Len(t, s.calls, 2)
		require.GreaterOrEqual(t, s.calls[1].n, 101)
		require.LessOrEqual(t, heldBy(l), 5)
	})
}

// The turn to ask comes at the moment in which the caller goes away.
func TestATurnGivenToSomebodyWhoHasGoneIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 100 { // select takes either
			l := leasing(newFakeStore(), PerSecond(1), 10, 5).leases
			s := l.shard("key")
			c := s.get("key", l.now(), l.keep)
			c.begin(1, l, l.now())
			gone, next := c.enqueue(1), c.enqueue(1)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			c.serve(l, l.now())
			_, _, err := l.await(ctx, s, c, "key", gone)
			require.ErrorIs(t, err, context.Canceled)
			d, degraded, err := l.await(t.Context(), s, c, "key", next)
			require.NoError(t, err)
			require.False(t, degraded)
			require.True(t, d.Allowed)
			require.False(t, c.fetching)
		}
	})
}

func TestADecisionThatWasMadeStandsThoughTheCallerHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			l := leasing(newFakeStore(), PerSecond(1), 10, 5).leases
			s := l.shard("key")
			c := s.get("key", l.now(), l.keep)
			c.begin(1, l, l.now())
			w := c.enqueue(1)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			c.learn(Taken{OK: true, Limit: 10, Remaining: 8}, l.now())
			c.grant(1, l.now(), l.keep)
			c.serve(l, l.now())
			d, _, err := l.await(ctx, s, c, "key", w)
			require.NoError(t, err)
			require.True(t, d.Allowed)
		}
	})
}
