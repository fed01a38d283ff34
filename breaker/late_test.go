package breaker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// allowed returns n permits of an admitting breaker.
func allowed(t *testing.T, b *breaker.Breaker, n int) (permits []weir.Permit) {
	t.Helper()
	for range n {
		p, err := b.Allow(t.Context())
		require.NoError(t, err)
		permits = append(permits, p)
	}
	return permits
}

// A call begun before the breaker opened says nothing about what came later.
func TestLateOutcomesOfEarlierCallsAreNoProbes(t *testing.T) {
	for _, sameInstant := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(breaker.Options{Protection: 1000})
			if sameInstant {
				require.Equal(t, 9, times(9, b, fail))
				time.Sleep(time.Second)
			}
			permits := allowed(t, b, 20)
			open(t, b)
			for _, p := range permits[:10] {
				p.Done(weir.Success)
				require.Equal(t, breaker.Open, b.State())
			}
			require.Equal(t, time.Second, b.RetryAfter())
			for _, p := range permits[10:] {
				p.Done(weir.Failure)
			}
			require.Equal(t, time.Second, b.RetryAfter(), "nor do their failures put the probe off")
			require.Equal(t, [3]uint64{10, 20, 0}, outcomes(b), "but they are counted")
		})
	}
}

func TestCallsThatDieAfterTheRecoveryRefuseNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		permits := allowed(t, b, 2000)
		open(t, b)
		time.Sleep(time.Second)
		closeByProbes(t, b)
		before := b.Stats()
		for _, p := range permits {
			p.Done(weir.Failure)
			time.Sleep(time.Millisecond)
			require.Equal(t, 1, times(1, b, succeed))
		}
		st := b.Stats()
		require.Equal(t, breaker.Closed, st.State)
		require.Equal(t, before.Failed+2000, st.Failed)
		require.Zero(t, st.WindowFailed)
		require.Equal(t, before.Refused, st.Refused)
	})
}

// With patient callers those that got stuck in an outage fail long after it ended.
func TestHungCallsDoNotOutliveTheirOutage(t *testing.T) {
	for _, patience := range []time.Duration{5 * time.Second, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(breaker.Options{})
			l := newLoad(b, 200, 1)
			l.run(healthy, 20*time.Second)

			stuck := newLoad(b, 200, 2)
			stuck.timeout = patience
			over := make(chan struct{})
			outage := patience + 500*time.Millisecond
			go func() {
				defer close(over)
				stuck.run(backend{hung: true}, outage)
			}()
			time.Sleep(outage)
			require.Equal(t, breaker.Open, b.State())

			ended := time.Since(l.begun)
			after := l.run(healthy, 20*time.Second)
			<-over
			require.GreaterOrEqual(t, admittedShare(between(after, ended+3*time.Second, time.Hour)), 0.99)
		})
	}
}

// Those begun after it opened count as ever.
func TestFreshFailuresAfterARecoveryOpenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		for trips := range uint64(5) {
			open(t, b)
			require.Equal(t, trips+1, b.Stats().Trips)
			time.Sleep(time.Second)
			closeByProbes(t, b)
		}
	})
}
