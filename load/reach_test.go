package load

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A reach is a shedder that has no limit but that calls must be done in time, of which
// one per ns is.
type reach struct{ *Shedder }

func newReach(workers, spread float64) reach {
	s := New(Options{CPUThreshold: -1})
	for i := range s.rules.limits {
		s.rules.limits[i].Store(int64(s.opts.MaxLimit))
	}
	s.rules.fast.Store(1)
	s.rules.floor.Store(workers)
	s.rules.spread.Store(spread)
	return reach{s}
}

// inTime returns how many may be in flight if so many services are done in time.
func (r reach) inTime(services int64) int64 {
	r.rules.patience.Store(services)
	r.foresee()
	n, _ := r.limit(context.Background(), 2, 0)
	return n
}

// services returns numbers of services that are done in time, in order.
func services() (all []int64) {
	for s := int64(1); s < math.MaxInt64/2; s += 1 + s/10 {
		all = append(all, s)
	}
	return all
}

func TestMoreTimeNeverMeansLessWithinReach(t *testing.T) {
	for _, workers := range []float64{1, 2.5, 10, 1000} {
		for _, spread := range []float64{0, 1, 3} {
			r := newReach(workers, spread)
			last := int64(0)
			for _, s := range services() {
				n := r.inTime(s)
				if n < last {
					t.Fatalf("%d with %d services and %g workers, %d with fewer", n, s, workers, last)
				}
				last = n
			}
		}
	}
}

func TestOneCallPerWorkerIsAlwaysWithinReach(t *testing.T) {
	for _, workers := range []float64{0, 0.4, 1, 1.5, 7, 1e5} {
		r := newReach(workers, 1)
		for _, s := range append(services(), -1, math.MinInt64) {
			n := r.inTime(s)
			require.GreaterOrEqual(t, n, int64(1))
			require.GreaterOrEqual(t, n, int64(math.Round(workers)))
		}
	}
}

// A single worker, whose services are exponential: the worst that is usual. Whoever
// is let in as the last one within reach must mostly be done in time.
func TestLastWithinReachIsMostlyDoneInTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	r := newReach(1, 1.5)
	for _, fit := range []int64{10, 30, 100, 1000} {
		const tries = 4000
		late := 0
		for range tries {
			took := 0.0
			for range r.inTime(fit) {
				took += rng.ExpFloat64()
			}
			if took > float64(fit) {
				late++
			}
		}
		require.Less(t, float64(late)/tries, 0.15, "%d services fit", fit)
	}
}

// What was measured badly must not let nobody in.
func TestReachIsSafeWhereNumbersAreNot(t *testing.T) {
	bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 0, 10}
	for _, rate := range bad {
		for _, workers := range bad {
			for _, spread := range bad {
				r := newReach(workers, spread)
				r.rules.fast.Store(rate)
				for _, s := range []int64{1, 1e6, math.MaxInt64, math.MinInt64} {
					n := r.inTime(s)
					require.GreaterOrEqual(t, n, int64(1), "rate %g, %g workers, spread %g", rate, workers, spread)
					require.LessOrEqual(t, n, int64(r.opts.MaxLimit))
				}
			}
		}
	}
}

// A call that does not say how much time it has is taken to be patient for a while.
// That is a guess, and no reason to go below the limit that was asked for.
func TestPatienceThatIsOnlyGuessedKeepsTheLowestLimit(t *testing.T) {
	s := alone(10)
	s.rules.fast.Store(1 / float64(time.Millisecond))
	s.rules.patience.Store(int64(5 * time.Millisecond))
	s.rules.floor.Store(1)
	s.rules.calm.Store(1)
	s.foresee()
	for n := range 10 {
		_, err := s.Allow(context.Background())
		require.NoError(t, err, "%d in flight", n)
	}
}
