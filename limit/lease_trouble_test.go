package limit

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLeasesGiveWayToTheFallbackAndComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, f := range faults {
			s := newFakeStore()
			var told []bool
			l := NewToken(TokenOptions{
				Name: "api", Rate: PerSecond(10), Burst: 10, Store: s, Lease: 5, Replicas: 2,
				OnDegraded: func(degraded bool, _ error) { told = append(told, degraded) },
			})
			require.True(t, allow(l, "key").Allowed)
			s.set(f.fault)
			time.Sleep(time.Minute)
			var allowed, refused atomic.Int64
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					d := allow(l, "key")
					require.True(t, d.Degraded, name)
					if d.Allowed {
						allowed.Add(1)
					} else {
						refused.Add(1)
					}
				})
			}
			all.Wait()
			require.Equal(t, []int64{5, 15}, []int64{allowed.Load(), refused.Load()}, name)
			s.set(nil)
			healed := time.Now()
			for allow(l, "key").Degraded {
				time.Sleep(10 * time.Millisecond)
			}
			require.Less(t, time.Since(healed), time.Second)
			require.False(t, allow(l, "key").Degraded)
			require.Equal(t, []bool{true, false}, told)
		}
	})
}

func TestWhoeverWaitsForAFetchHeedsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.delay = 40 * time.Millisecond
		l := leasing(s, PerSecond(10), 10, 5)
		var all sync.WaitGroup
		all.Go(func() { require.True(t, allow(l, "key").Allowed) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := l.Allow(ctx, "key")
		require.Equal(t, context.DeadlineExceeded, err)
		require.Equal(t, 10*time.Millisecond, time.Since(start))
		all.Wait()
		require.Equal(t, 1, s.callCount())
	})
}

func TestTheNextInLineFetchesWhenOneGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, name := range []string{"cancelled", "exits"} {
			s := newFakeStore()
			release := make(chan struct{})
			s.set(func(ctx context.Context) (Taken, error) {
				select {
				case <-release:
					runtime.Goexit()
				case <-ctx.Done():
				}
				return Taken{}, ctx.Err()
			})
			l := NewToken(TokenOptions{Rate: PerSecond(10), Burst: 100, Store: s, Lease: 5, Timeout: -1})
			ctx, cancel := context.WithCancel(t.Context())
			var first, rest sync.WaitGroup
			first.Go(func() { _, _ = l.Allow(ctx, "key") })
			synctest.Wait()
			var allowed atomic.Int64
			for range 10 {
				rest.Go(func() {
					if allow(l, "key").Allowed {
						allowed.Add(1)
					}
				})
			}
			synctest.Wait()
			s.set(nil)
			if name == "exits" {
				close(release)
			} else {
				cancel()
			}
			first.Wait()
			rest.Wait()
			cancel()
			require.Equal(t, int64(10), allowed.Load(), name)
		}
	})
}

// Callers with all kinds of costs and patience, over keys that come and go, and a
// store that fails now and then: nobody hangs, and nobody gets what the store or a
// stand-in did not give.
func TestLeasesUnderAllKindsOfCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.delay = time.Millisecond
		l := NewToken(TokenOptions{Rate: PerSecond(1000), Burst: 50, Store: s, Lease: 20, Fallback: FallbackClosed})
		var admitted [5]atomic.Int64
		var all sync.WaitGroup
		end := time.Now().Add(5 * time.Second)
		for range 100 {
			all.Go(func() {
				for time.Now().Before(end) {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(5_000_000)))
					key, cost := rand.IntN(len(admitted)), 1+rand.IntN(30)
					if d, err := l.AllowN(ctx, strconv.Itoa(key), cost); err == nil && d.Allowed {
						admitted[key].Add(int64(cost))
					}
					cancel()
					time.Sleep(time.Duration(rand.IntN(10_000_000)))
				}
			})
		}
		all.Go(func() {
			for time.Now().Before(end) {
				time.Sleep(200 * time.Millisecond)
				s.set(hanging)
				time.Sleep(200 * time.Millisecond)
				s.set(nil)
			}
		})
		all.Wait()
		got := [len(admitted)]int64{}
		for _, c := range s.calls {
			if i, _ := strconv.Atoi(c.key); c.ok {
				got[i] += int64(c.n)
			}
		}
		for i := range admitted {
			require.LessOrEqual(t, admitted[i].Load(), got[i])
			require.Greater(t, admitted[i].Load(), got[i]/2)
		}
		l.leases.each(func(c *lease) {
			require.False(t, c.fetching)
			require.Empty(t, c.queue)
			require.LessOrEqual(t, c.tokens, 20)
		})
	})
}
