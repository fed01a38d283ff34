package limit

import (
	"context"
	"math"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func leasing(s Store, rate Rate, burst, lease int) *Token {
	return NewToken(TokenOptions{Rate: rate, Burst: burst, Store: s, Lease: lease})
}

func allow(t *Token, key string) Decision {
	d, err := t.AllowN(context.Background(), key, 1)
	if err != nil {
		panic(err)
	}
	return d
}

func TestABusyKeyCostsOneCallPerLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := leasing(s, PerSecond(2000), 500, 50)
		const events = 10_000
		for range events {
			require.True(t, allow(l, "key").Allowed)
			time.Sleep(time.Millisecond)
		}
		const ramp = 7 // 0, 1, 3, 7, 15, 31, 50 extra
		require.LessOrEqual(t, s.callCount(), events/51+ramp)
		require.GreaterOrEqual(t, s.callCount(), events/51)
	})
}

func TestManyWhoComeAtOnceShareAFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.delay = 10 * time.Millisecond
		l := leasing(s, PerSecond(1), 1000, 10)
		start := time.Now()
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { require.True(t, allow(l, "key").Allowed) })
		}
		all.Wait()
		require.LessOrEqual(t, s.callCount(), 3)
		require.Equal(t, 1, s.most)
		require.LessOrEqual(t, time.Since(start), 30*time.Millisecond)
		require.False(t, allow(l, "key").Allowed, "all were there")
	})
}

func TestCallersWithTokensDoNotWaitForAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := leasing(s, PerSecond(1000), 1000, 100)
		for range 100 {
			allow(l, "key")
		}
		s.delay = 10 * time.Millisecond
		require.Positive(t, heldBy(l))
		start := time.Now()
		for heldBy(l) > 0 {
			allow(l, "key")
		}
		require.Equal(t, start, time.Now())
		allow(l, "key")
		require.Equal(t, s.delay, time.Since(start))
	})
}

// heldBy returns how many tokens of all keys the limiter holds.
func heldBy(l *Token) int {
	held := 0
	l.leases.each(func(c *lease) { held += c.tokens })
	return held
}

func (l *leases) each(visit func(*lease)) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for _, c := range s.keys {
			visit(c)
		}
		s.mu.Unlock()
	}
}

func TestAQuietKeyLosesNothingToLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, gap := range []time.Duration{12, 30, 60, 120, 250} {
			s := newFakeStore()
			// The traffic is nine tenths of what is allowed.
			l := leasing(s, Rate{10, 9 * gap * time.Millisecond}, 20, 20)
			for i := range 2000 {
				require.True(t, allow(l, "key").Allowed, "event %d, %d ms apart", i, gap)
				time.Sleep(gap * time.Millisecond)
			}
		}
	})
}

func TestUnspentTokensExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := NewToken(TokenOptions{Rate: PerHour(1), Burst: 100, Store: s, Lease: 50, LeaseFor: time.Second})
		for heldBy(l) < 20 {
			allow(l, "key")
		}
		time.Sleep(time.Second - 1)
		calls := s.callCount()
		allow(l, "key")
		require.Equal(t, calls, s.callCount())
		time.Sleep(time.Nanosecond)
		allow(l, "key")
		require.Equal(t, calls+1, s.callCount())
	})
}

func TestRefusalsOfABusyKeyCostHardlyACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := leasing(s, PerSecond(1000), 100, 50)
		allowed, refused := 0, 0
		for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(50 * time.Microsecond) {
			d := allow(l, "key")
			if d.Allowed {
				allowed++
				continue
			}
			refused++
			require.Positive(t, d.RetryAfter)
			require.LessOrEqual(t, d.RetryAfter, 40*time.Millisecond)
		}
		require.InDelta(t, 10_000, allowed, 200)
		require.Greater(t, refused, 180_000)
		require.LessOrEqual(t, s.callCount(), 1000)
	})
}

func TestARefusalIsNotRememberedForSmallerCosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := leasing(s, PerSecond(1), 10, 10)
		ask := func(n int) Decision {
			d, err := l.AllowN(t.Context(), "key", n)
			require.NoError(t, err)
			return d
		}
		require.True(t, ask(7).Allowed)
		require.False(t, ask(5).Allowed)
		calls := s.callCount()
		require.False(t, ask(6).Allowed)
		require.Equal(t, calls, s.callCount())
		require.True(t, ask(3).Allowed)
		require.False(t, ask(1).Allowed)
	})
}

func TestCostsAboveLeaseAndBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := leasing(s, PerSecond(1), 100, 5)
		for range 3 {
			d, err := l.AllowN(t.Context(), "key", 30)
			require.NoError(t, err)
			require.True(t, d.Allowed)
		}
		d, err := l.AllowN(t.Context(), "key", 30)
		require.NoError(t, err)
		require.False(t, d.Allowed)
		require.Greater(t, d.RetryAfter, 19*time.Second)
		d, err = l.AllowN(t.Context(), "key", 101)
		require.NoError(t, err)
		require.Negative(t, d.RetryAfter)
	})
}

func TestLeasesOfAnySizeAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := leasing(newFakeStore(), PerSecond(1), math.MaxInt32, math.MaxInt32)
		spent := 0
		for cost := 1; cost < math.MaxInt32/3; cost += cost/3 + 1 {
			d, err := l.AllowN(t.Context(), "key", cost)
			require.NoError(t, err)
			if d.Allowed {
				spent += cost
			}
			require.Equal(t, math.MaxInt32-spent, d.Remaining)
		}
		require.Greater(t, spent, math.MaxInt32/2)
	})
}

func TestIdleLeasesAreDroppedAndTheirNumberIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := leasing(s, PerSecond(1000), 100, 10)
		count := func() (n int) {
			l.leases.each(func(*lease) { n++ })
			return n
		}
		for i := range 20_000 { // 1000 a lease time
			require.True(t, allow(l, strconv.Itoa(i)).Allowed)
			time.Sleep(100 * time.Microsecond)
		}
		require.Less(t, count(), 4000)
		for i := range 2 * leaseShards * leasesInShard {
			require.True(t, allow(l, "flood"+strconv.Itoa(i)).Allowed)
		}
		require.LessOrEqual(t, count(), leaseShards*leasesInShard)
		require.Greater(t, count(), leaseShards*leasesInShard*9/10)
	})
}

func TestPeekCountsWhatIsLeased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := leasing(newFakeStore(), PerHour(1), 50, 20)
		for left := 49; left >= 0; left-- {
			d := allow(l, "key")
			require.True(t, d.Allowed)
			require.Equal(t, left, d.Remaining)
			d, err := l.Peek(t.Context(), "key")
			require.NoError(t, err)
			require.Equal(t, left, d.Remaining)
			require.Equal(t, left > 0, d.Allowed)
		}
	})
}

func TestWaitSpendsLeasesAndThenWaitsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := leasing(s, PerSecond(10), 50, 20)
		start := time.Now()
		for range 50 {
			require.NoError(t, l.Wait(t.Context(), "key"))
		}
		require.Equal(t, start, time.Now())
		require.LessOrEqual(t, s.callCount(), 10)
		for range 10 {
			require.NoError(t, l.Wait(t.Context(), "key"))
		}
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestSpendingALeaseAllocatesNothing(t *testing.T) {
	l := NewToken(TokenOptions{
		Name: "api", Rate: PerSecond(1_000_000), Burst: 100_000, Store: newFakeStore(), Lease: 100_000, LeaseFor: time.Hour,
	})
	for heldBy(l) < 5000 {
		allow(l, "key")
	}
	require.Zero(t, testing.AllocsPerRun(2000, func() { allow(l, "key") }))
}

func TestARefusalThatIsRememberedAllocatesNothing(t *testing.T) {
	l := NewToken(TokenOptions{Name: "api", Rate: PerHour(1), Burst: 1, Store: newFakeStore(), Lease: 1, LeaseFor: time.Hour})
	allow(l, "key")
	allow(l, "key")
	require.Zero(t, testing.AllocsPerRun(1000, func() { allow(l, "key") }))
}

func TestAnOutageAllocatesNothingWhateverTheOptions(t *testing.T) {
	s := newFakeStore()
	s.set(failing)
	for f := FallbackLocal; f <= FallbackClosed; f++ {
		l := NewToken(TokenOptions{Name: "api", Rate: PerSecond(10), Also: []Bucket{{PerMinute(9), 9}}, Store: s, Fallback: f, Lease: 5})
		require.True(t, allow(l, "key").Degraded)
		l.door.gates.all[0].phase.Load().next.Store(1 << 62)
		require.Zero(t, testing.AllocsPerRun(1000, func() { allow(l, "key") }), f.String())
	}
}
