package breaker_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/breaker"
)

// The simulations below run breakers with default options against open-loop
// traffic in virtual time. Each bound holds for every seed.

const seeds = 8

var healthy = backend{latency: 10 * time.Millisecond}

// simulate runs fn in a bubble of its own for each seed.
func simulate(t *testing.T, rate float64, fn func(t *testing.T, l *load)) {
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprintf("%v per second, seed %d", rate, seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fn(t, newLoad(breaker.New(breaker.Options{}), rate, seed))
			})
		})
	}
}

func TestTotalOutageIsKeptFromTheBackendAndForgottenSoonAfter(t *testing.T) {
	for _, c := range []struct {
		rate         float64
		letThrough   float64       // share of calls during the outage
		firstRefusal time.Duration // after the outage began
		recovered    time.Duration // after its end: from then on all is admitted
	}{
		{rate: 5, letThrough: 0.15, firstRefusal: 5 * time.Second, recovered: 5 * time.Second},
		{rate: 200, letThrough: 0.03, firstRefusal: time.Second, recovered: 5 * time.Second},
	} {
		for _, length := range []time.Duration{30 * time.Second, time.Minute} {
			simulate(t, c.rate, func(t *testing.T, l *load) {
				before := l.run(healthy, 30*time.Second)
				require.Zero(t, count(before, isRefused))

				began := time.Since(l.begun)
				during := l.run(backend{latency: 10 * time.Millisecond, errorRate: 1}, length)
				require.Less(t, admittedShare(during), c.letThrough)
				require.Less(t, firstRefusal(during, began), c.firstRefusal)

				ended := time.Since(l.begun)
				after := l.run(healthy, 20*time.Second)
				require.GreaterOrEqual(t, admittedShare(between(after, ended+c.recovered, ended+time.Hour)), 0.95)
				require.Equal(t, breaker.Closed, l.breaker.State())
			})
		}
	}
}

func TestSteadyErrorsBelowTheThresholdAreNeverRefused(t *testing.T) {
	for _, rate := range []float64{1, 5, 200} {
		simulate(t, rate, func(t *testing.T, l *load) {
			calls := l.run(backend{latency: 10 * time.Millisecond, errorRate: 0.3}, 3*time.Minute)
			require.Zero(t, count(calls, isRefused))
			require.Zero(t, l.breaker.Stats().Trips)
		})
	}
}

func TestPartialOutageIsThrottledNotCutOff(t *testing.T) {
	simulate(t, 200, func(t *testing.T, l *load) {
		calls := l.run(backend{latency: 10 * time.Millisecond, errorRate: 0.6}, 30*time.Second)
		late := between(calls, 10*time.Second, time.Hour)
		require.Less(t, admittedShare(late), 0.5)
		require.Greater(t, admittedShare(late), 0.02)
		require.Equal(t, breaker.Throttling, l.breaker.State())

		ended := time.Since(l.begun)
		after := l.run(healthy, 15*time.Second)
		require.GreaterOrEqual(t, admittedShare(between(after, ended+7*time.Second, time.Hour)), 0.95)
	})
}

func TestHungBackendTripsAsSoonAsCallsRunOutOfTime(t *testing.T) {
	simulate(t, 200, func(t *testing.T, l *load) {
		l.timeout = 500 * time.Millisecond
		l.run(healthy, 30*time.Second)

		began := time.Since(l.begun)
		during := l.run(backend{hung: true}, 30*time.Second)
		require.Less(t, firstRefusal(during, began), l.timeout+time.Second)
		require.Less(t, admittedShare(during), 0.05)

		ended := time.Since(l.begun)
		after := l.run(healthy, 15*time.Second)
		require.GreaterOrEqual(t, admittedShare(between(after, ended+5*time.Second, time.Hour)), 0.95)
	})
}

func TestStormOfTinyDeadlinesOnAHealthyBackendRefusesNobody(t *testing.T) {
	simulate(t, 200, func(t *testing.T, l *load) {
		slow := backend{latency: 50 * time.Millisecond}
		require.Zero(t, count(l.run(slow, 10*time.Second), isRefused))
		l.timeout = time.Millisecond
		require.Zero(t, count(l.run(slow, time.Minute), isRefused))
		require.Equal(t, breaker.Closed, l.breaker.State())
	})
}

func TestColdStartIntoAnOutageTripsToo(t *testing.T) {
	for rate, letThrough := range map[float64]float64{5: 0.20, 200: 0.03} {
		simulate(t, rate, func(t *testing.T, l *load) {
			during := l.run(backend{latency: 10 * time.Millisecond, errorRate: 1}, 30*time.Second)
			require.Less(t, admittedShare(during), letThrough)
		})
	}
}

func TestFiftyThousandPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		admitted, calls := 0, 0
		run := func(length time.Duration, err error) {
			admitted, calls = 0, 0
			for end := time.Now().Add(length); time.Now().Before(end); calls++ {
				time.Sleep(20 * time.Microsecond)
				_ = b.Do(t.Context(), func(context.Context) error { admitted++; return err })
			}
		}
		run(time.Second, nil)
		require.Equal(t, calls, admitted)
		run(2*time.Second, errDown)
		require.Less(t, float64(admitted)/float64(calls), 0.15) // a quarter of a second, and probes
		run(3*time.Second, nil)
		run(time.Second, nil)
		require.Equal(t, calls, admitted)
	})
}
