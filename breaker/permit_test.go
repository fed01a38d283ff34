package breaker_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

func TestOnlyTheFirstDoneCounts(t *testing.T) {
	b := breaker.New(breaker.Options{})
	p, err := b.Allow(t.Context())
	require.NoError(t, err)
	p.Done(weir.Success)
	p.Done(weir.Failure)
	copied := p
	copied.Done(weir.Failure)
	require.Equal(t, [3]uint64{1, 0, 0}, outcomes(b))
}

func outcomes(b *breaker.Breaker) [3]uint64 {
	st := b.Stats()
	return [3]uint64{st.Accepted, st.Failed, st.Ignored}
}

func TestManyGoroutinesSettleOnce(t *testing.T) {
	b := breaker.New(breaker.Options{TripAfter: -1, Protection: 1 << 30})
	const permits = 500
	for range permits {
		p, err := b.Allow(t.Context())
		require.NoError(t, err)
		together(8, func(worker int) { p.Done(weir.Outcome(worker % 4)) })
	}
	got := outcomes(b)
	require.Equal(t, uint64(permits), got[0]+got[1]+got[2])
}

// A permit that was settled long ago refers to memory that serves others now.
func TestStaleCopiesDoNotTouchLaterPermits(t *testing.T) {
	b := breaker.New(breaker.Options{TripAfter: -1, Protection: 1 << 30})
	var stale []weir.Permit
	const rounds = 2000
	for range rounds {
		p, err := b.Allow(t.Context())
		require.NoError(t, err)
		for _, old := range stale {
			old.Done(weir.Failure)
		}
		p.Done(weir.Success)
		if stale = append(stale, p); len(stale) > 16 {
			stale = stale[1:]
		}
	}
	require.Equal(t, [3]uint64{rounds, 0, 0}, outcomes(b))
}

func TestPermitsOfDifferentBreakersAreNotMixedUp(t *testing.T) {
	var breakers [4]*breaker.Breaker
	for i := range breakers {
		breakers[i] = breaker.New(breaker.Options{TripAfter: -1, Protection: 1 << 30})
	}
	together(64, func(worker int) {
		b := breakers[worker%4]
		for range 300 {
			p, err := b.Allow(context.Background())
			if err == nil {
				p.Done(weir.Outcome(worker % 4 % 3))
			}
			p.Done(weir.Failure)
		}
	})
	for i, b := range breakers {
		var want [3]uint64
		want[i%3] = 16 * 300
		require.Equal(t, want, outcomes(b))
	}
}

func TestForgottenPermitsCountForNothing(t *testing.T) {
	b := breaker.New(breaker.Options{})
	for range 5000 {
		_, err := b.Allow(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, breaker.Stats{}, b.Stats())
}

func TestRefusedPermitIsTheZeroPermit(t *testing.T) {
	b := breaker.New(breaker.Options{})
	b.Force(breaker.ForcedOpen)
	p, err := b.Allow(t.Context())
	require.ErrorIs(t, err, breaker.ErrOpen)
	require.ErrorIs(t, err, weir.ErrRejected)
	require.Equal(t, weir.Permit{}, p)
	p.Done(weir.Success)
	require.Equal(t, breaker.Stats{State: breaker.ForcedOpen, DropRatio: 1, Refused: 1}, b.Stats())
}

func TestUnknownOutcomeCountsAsFailureAndPanics(t *testing.T) {
	b := breaker.New(breaker.Options{})
	p, err := b.Allow(t.Context())
	require.NoError(t, err)
	require.Panics(t, func() { p.Done(77) })
	require.Equal(t, [3]uint64{0, 1, 0}, outcomes(b))
	p.Done(weir.Success)
	require.Equal(t, [3]uint64{0, 1, 0}, outcomes(b))
}

func TestEveryCallIsCountedOnce(t *testing.T) {
	b := breaker.New(breaker.Options{TripDelay: -1, ProbeInterval: time.Millisecond})
	const each = 2000
	var mu sync.Mutex
	var refused, admitted [2]uint64
	together(64, func(worker int) {
		var mine [2][2]uint64
		for i := range each {
			kind := (worker + i/100) % 2
			err := b.Do(context.Background(), []func(context.Context) error{succeed, fail}[kind])
			if err == breaker.ErrOpen || err == breaker.ErrThrottled {
				mine[0][kind]++
			} else {
				mine[1][kind]++
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for kind := range 2 {
			refused[kind] += mine[0][kind]
			admitted[kind] += mine[1][kind]
		}
	})
	st := b.Stats()
	require.Equal(t, refused[0]+refused[1], st.Refused)
	require.Equal(t, admitted[0], st.Accepted)
	require.Equal(t, admitted[1], st.Failed)
	require.Positive(t, st.Refused)
}

func TestStatsAreExactAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{Protection: 1 << 30, TripAfter: -1})
		var last breaker.Stats
		for round := range uint64(100) {
			together(64, func(worker int) {
				for i := range 10 {
					_ = b.Do(t.Context(), after(time.Duration(worker)*time.Millisecond, []error{nil, errDown}[i%2]))
				}
			})
			st := b.Stats()
			require.Equal(t, [2]uint64{(round + 1) * 320, (round + 1) * 320}, [2]uint64{st.Accepted, st.Failed})
			require.GreaterOrEqual(t, st.Accepted, last.Accepted)
			last = st
		}
	})
}
