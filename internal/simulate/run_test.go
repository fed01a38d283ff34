package simulate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/simulate"
)

// fixed admits while fewer than limit requests are inside.
func fixed(limit int) simulate.Guard {
	inside := 0
	return simulate.GuardFunc(func(simulate.Request) (func(bool), bool) {
		if inside >= limit {
			return nil, false
		}
		inside++
		return func(bool) { inside-- }, true
	})
}

func nop(time.Duration) {}

func TestABoundedLineServesAsQueueingTheorySays(t *testing.T) {
	// M/M/1/5 at 1.5 times the capacity: the server idles (rho-1)/(rho^6-1).
	sc := &simulate.Scenario{
		Workers: 1, Service: simulate.Exponential, Mean: 10 * time.Millisecond,
		Load: simulate.Always(1.5), Deadline: time.Hour, Length: 2000 * time.Second, Seed: 1,
	}
	got := simulate.Run(sc, fixed(5), nop).Between(0, sc.Length)
	idle := 0.5 / (11.390625 - 1)
	require.InDelta(t, (1-idle)*100, float64(got.Good)/sc.Length.Seconds(), 1)
	require.InDelta(t, 150, float64(got.Offered)/sc.Length.Seconds(), 1)
	require.Equal(t, got.Offered, got.Good+got.Refused+got.Late)
}

// changing has all that can change on the way.
func changing(seed uint64) *simulate.Scenario {
	return &simulate.Scenario{
		Workers: 5, Service: simulate.Pareto, Mean: 10 * time.Millisecond,
		Load:      simulate.Bursts(5*time.Second, time.Second, 300*time.Millisecond, 0.5, 4),
		Slowness:  []simulate.Step{{Value: 1}, {At: 2 * time.Second, Value: 3}},
		Pool:      []simulate.Step{{Value: 1}, {At: 3 * time.Second, Value: 2}},
		Deadlines: []time.Duration{50 * time.Millisecond, time.Second},
		Classes:   [simulate.NumClasses]float64{1, 1, 1, 1}, Callers: []float64{1, 2},
		Length: 5 * time.Second, Seed: seed,
	}
}

func TestRunOfAScenarioIsTheSameToTheLastEvent(t *testing.T) {
	for _, sharing := range []bool{false, true} {
		first, again, other := changing(1), changing(1), changing(2)
		first.Sharing, again.Sharing, other.Sharing = sharing, sharing, sharing
		d, r := written(first)
		e, s := written(again)
		require.Equal(t, d, e)
		require.Equal(t, r, s)
		f, _ := written(other)
		require.NotEqual(t, d.arrived, f.arrived)
	}
}

// What a guard does must not change what arrives, or two guards could not be compared.
func TestWhatArrivesDoesNotDependOnTheGuard(t *testing.T) {
	d, _ := written(changing(1))
	e := &diary{refuse: 2}
	simulate.Run(changing(1), e, e.advance)
	require.Equal(t, d.arrived, e.arrived)
}

func TestTimeNeverGoesBack(t *testing.T) {
	for _, sharing := range []bool{false, true} {
		sc := changing(3)
		sc.Sharing = sharing
		last, events := time.Duration(0), 0
		r := simulate.Run(sc, fixed(30), func(to time.Duration) {
			require.GreaterOrEqual(t, to, last)
			last = to
			events++
		})
		c := r.Between(0, sc.Length+time.Second)
		require.Equal(t, c.Offered+c.Good+c.Late, events, "each arrival and each end is one")
	}
}

func TestGuardIsAskedAtTheTimeOfArrival(t *testing.T) {
	now := time.Duration(0)
	simulate.Run(changing(4), simulate.GuardFunc(func(r simulate.Request) (func(bool), bool) {
		require.Equal(t, now, r.At)
		return func(late bool) { require.Equal(t, now > r.Deadline, late) }, true
	}), func(to time.Duration) { now = to })
}

func TestRunWithoutRequestsEnds(t *testing.T) {
	sc := changing(5)
	sc.Load = simulate.Always(0)
	require.Zero(t, simulate.Run(sc, fixed(1), nop).Between(0, sc.Length))
}
