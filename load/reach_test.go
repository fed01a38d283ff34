package load

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// services returns numbers of services that fit, in order.
func services() []float64 {
	all := []float64{math.Inf(-1), -1e18, -1, 0}
	for s := 1e-9; s < 1e19; s *= 1.1 {
		all = append(all, s)
	}
	return all
}

func TestMoreTimeNeverMeansLessWithinReach(t *testing.T) {
	for _, workers := range []float64{0, 1, 2.5, 10, 1000} {
		last := int64(0)
		for _, s := range services() {
			n := withinReach(s, workers)
			if n < last {
				t.Fatalf("%d with %g services and %g workers, %d with fewer", n, s, workers, last)
			}
			last = n
		}
	}
}

func TestMoreWorkersNeverMeanLessWithinReach(t *testing.T) {
	for _, s := range services() {
		last := int64(0)
		for workers := 0.0; workers < 2000; workers = workers*1.3 + 0.25 {
			n := withinReach(s, workers)
			if n < last {
				t.Fatalf("%d with %g services and %g workers, %d with fewer", n, s, workers, last)
			}
			last = n
		}
	}
}

func TestOneCallPerWorkerIsAlwaysWithinReach(t *testing.T) {
	for _, s := range services() {
		for _, workers := range []float64{0, 0.4, 1, 1.5, 7, 1e6} {
			n := withinReach(s, workers)
			require.GreaterOrEqual(t, n, int64(1))
			require.GreaterOrEqual(t, n, int64(math.Round(workers)))
		}
	}
}

// A single worker, whose services are exponential: the worst that is usual. Whoever
// is let in as the last one within reach must mostly be done in time.
func TestLastWithinReachIsMostlyDoneInTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, fit := range []float64{5, 10, 30, 100, 1000} {
		const tries = 4000
		late := 0
		for range tries {
			took := 0.0
			for range withinReach(fit, 1) {
				took += rng.ExpFloat64()
			}
			if took > fit {
				late++
			}
		}
		require.Less(t, float64(late)/tries, 0.15, "%g services fit", fit)
	}
}

func TestReachIsNotWasted(t *testing.T) {
	for _, fit := range []float64{4, 10, 30, 100, 1000} {
		require.Greater(t, float64(withinReach(fit, 1)), fit/2-1, "%g services fit", fit)
	}
}

// What was measured badly must not let nobody in, nor everybody.
func TestReachIsSafeWhereNumbersAreNot(t *testing.T) {
	bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 0, 10}
	for _, s := range bad {
		for _, workers := range bad {
			require.GreaterOrEqual(t, withinReach(s, workers), int64(1), "%g services, %g workers", s, workers)
		}
	}
}

// A call that does not say how much time it has is taken to be patient for a while.
// That is a guess, and no reason to go below the limit that was asked for.
func TestPatienceThatIsOnlyGuessedKeepsTheLowestLimit(t *testing.T) {
	s := alone(10)
	s.rules.rate.Store(1 / float64(time.Millisecond))
	s.rules.patience.Store(int64(5 * time.Millisecond))
	s.rules.workers.Store(1)
	s.rules.calm.Store(1)
	for n := range 10 {
		_, err := s.Allow(context.Background())
		require.NoError(t, err, "%d in flight", n)
	}
}
