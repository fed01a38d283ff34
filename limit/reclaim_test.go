package limit_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func TestForgottenPermitsComeBackAfterMaxHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for set, want := range map[time.Duration]time.Duration{0: time.Hour, 8 * time.Second: 8 * time.Second} {
			for _, size := range []int{1, 65} {
				l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: size, MaxHold: set})
				take(t, l, size) // and never settle
				_, err := l.Allow(t.Context())
				require.Same(t, limit.ErrFull, err) // now they are missed

				time.Sleep(want - 1)
				_, err = l.Allow(t.Context())
				require.Same(t, limit.ErrFull, err)
				require.Zero(t, l.Stats().Reclaimed)

				time.Sleep(want/8 + 1)
				p, err := l.Allow(t.Context())
				require.NoError(t, err)
				require.Equal(t, uint64(size), l.Stats().Reclaimed)
				require.Equal(t, 1, l.Stats().InFlight)
				settle(p)
				requireWhole(t, l)
			}
		}
	})
}

func TestForgottenPermitComesBackToALoneWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, wait := range map[string]time.Duration{"for ever": -1, "for a while": 9 * time.Second} {
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 2, MaxQueue: 3, MaxWait: wait, MaxHold: 8 * time.Second})
			take(t, l, 2)
			waiters := line(t, l, 3) // nobody else ever comes
			time.Sleep(8*time.Second - 1)
			synctest.Wait()
			waiters[0].requireWaiting(t)
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			require.Equal(t, 8*time.Second, waiters[0].after, name)
			waiters[0].requireAdmitted(t)
			waiters[1].requireAdmitted(t)
			waiters[2].requireWaiting(t)
			settle(waiters[0].permit)
			synctest.Wait()
			waiters[2].requireAdmitted(t)
			settle(waiters[1].permit, waiters[2].permit)
			requireWhole(t, l)
		}
	})
}

func TestSettlingAReclaimedPermitLateDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxHold: 8 * time.Second})
		forgotten := take(t, l, 1)[0]
		_, err := l.Allow(t.Context())
		require.Same(t, limit.ErrFull, err)
		time.Sleep(8 * time.Second)
		fresh := take(t, l, 1)[0]

		settle(forgotten, forgotten)
		require.Equal(t, 1, l.Stats().InFlight)
		_, err = l.Allow(t.Context())
		require.Same(t, limit.ErrFull, err)
		settle(fresh)
		require.Equal(t, limit.ConcurrencyStats{Max: 1, Admitted: 2, Refused: 2, Reclaimed: 1}, l.Stats())
		requireWhole(t, l)
	})
}

func TestPermitsAreNotReclaimedWhileNobodyMissesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 2, MaxHold: time.Second})
		held := take(t, l, 1)[0]
		for range 100 {
			settle(take(t, l, 1)...) // the other one
			time.Sleep(time.Minute)
		}
		require.Zero(t, l.Stats().Reclaimed)
		other := take(t, l, 1)[0]
		_, err := l.Allow(t.Context()) // the first time that one is missed
		require.Same(t, limit.ErrFull, err)
		require.Zero(t, l.Stats().Reclaimed)
		settle(held, other)
		requireWhole(t, l)
	})
}

// Each permit lives shorter than MaxHold, though the limit is exhausted all the
// time, and though successors sit in the same slot.
func TestShortCallsAreNeverReclaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 3, MaxHold: 8 * time.Second})
		held := take(t, l, 3)
		for i := range 500 {
			_, err := l.Allow(t.Context())
			require.Same(t, limit.ErrFull, err)
			time.Sleep(2 * time.Second)
			settle(held[i%3])
			held[i%3] = take(t, l, 1)[0] // each is held for 6 s
		}
		require.Zero(t, l.Stats().Reclaimed)
		settle(held...)
		requireWhole(t, l)
	})
}

func TestNegativeMaxHoldNeverReclaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 1, MaxWait: -1, MaxHold: -1})
		held := take(t, l, 1)
		waiter := call(t.Context(), l)
		for range 100 {
			time.Sleep(24 * time.Hour)
			_, err := l.Allow(t.Context())
			require.Same(t, limit.ErrFull, err)
		}
		waiter.requireWaiting(t)
		require.Zero(t, l.Stats().Reclaimed)
		settle(held...)
		synctest.Wait()
		settle(waiter.permit)
		requireWhole(t, l)
	})
}

func TestTinyMaxHoldIsHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 1, MaxWait: -1, MaxHold: 1})
		take(t, l, 1)
		waiter := call(t.Context(), l)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		waiter.requireAdmitted(t)
		waiter.permit.Done(weir.Success)
		requireWhole(t, l)
	})
}
