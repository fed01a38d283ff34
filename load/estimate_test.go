package load

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// worked is a window in which so many calls of 1 ms were done in so much busy time.
func worked(k int, busy float64) window {
	ns := make([]int64, k)
	for i := range ns {
		ns[i] = 1e6
	}
	return window{length: max(busy, 1), busy: busy, done: gathered(1, ns...).total}
}

func TestThroughputIsCallsByBusyTimeAtAnyLoad(t *testing.T) {
	for _, load := range []float64{0.01, 0.5, 1, 7} {
		r := newLaw(3)
		for range 50 { // of a service that can do one call a ms
			w := worked(20, 20e6)
			w.length = 20e6 / load
			r.throughput(w.done.count(), w.busy)
		}
		for _, c := range []float64{r.capacity, r.recent, r.fast} {
			require.InEpsilon(t, 1e-6, c, 1e-9, "at %gx", load)
		}
	}
}

func TestThroughputIsUnknownUntilSomethingIsDone(t *testing.T) {
	r := newLaw(3)
	r.throughput(0, 1e9)
	r.throughput(5, 0)
	require.Zero(t, r.capacity)
	r.throughput(4, 8e6)
	require.Equal(t, []float64{5e-7, 5e-7, 5e-7}, []float64{r.capacity, r.recent, r.fast})
}

// In a second, of which the service was busy all the time, a thousand calls were missing.
func TestBusyTimeInWhichNothingIsDoneLowersThroughput(t *testing.T) {
	r := newLaw(3)
	r.setCapacity(1e-6)
	r.throughput(0, 1e9)
	require.InEpsilon(t, 1e-6*memorySlow/(memorySlow+1000), r.capacity, 1e-9)
	require.InEpsilon(t, 1e-6*memoryShift/(memoryShift+1000), r.recent, 1e-9)
	memory := memoryFast * r.regularity()
	require.InEpsilon(t, 1e-6*memory/(memory+1000), r.fast, 1e-9)
}

func TestIdleTimeSaysNothingAboutThroughput(t *testing.T) {
	r := newLaw(3)
	r.setCapacity(1e-6)
	for range 1000 {
		r.throughput(0, 1)
	}
	require.InEpsilon(t, 1e-6, r.capacity, 1e-4)
	require.InEpsilon(t, 1e-6, r.fast, 1e-3)
}

// Of as many calls as a rate remembers, those that are new weigh about as much as those
// that are old.
func TestRatesFollowAChangeAsFastAsTheyForget(t *testing.T) {
	for name, m := range map[string]struct {
		memory float64
		of     func(r *law) float64
	}{
		"capacity": {memorySlow, func(r *law) float64 { return r.capacity }},
		"recent":   {memoryShift, func(r *law) float64 { return r.recent }},
		"fast":     {memoryFast * (1 << (speedScales - 1)), func(r *law) float64 { return r.fast }},
	} {
		r := newLaw(3)
		r.setCapacity(1e-6)
		for range int(m.memory) {
			r.throughput(1, 2e6)
		}
		require.InDelta(t, 0.5+0.5*math.Exp(-2), m.of(r)*1e6, 0.15, name)
		for range int(5 * m.memory) {
			r.throughput(1, 2e6)
		}
		require.InDelta(t, 0.5, m.of(r)*1e6, 0.01, name)
	}
}

func TestDemandCountsThoseWhoAreRefused(t *testing.T) {
	l := knows(10, 1)
	w := worked(16, 16e6)
	w.refused = 32
	for range 100 {
		l.count(&w)
	}
	require.InEpsilon(t, 3e-6, l.demand, 1e-6)
	require.InEpsilon(t, 1.0, l.inFlight, 1e-9, "Little's law")
	require.Equal(t, 1e6, l.latency)
	require.True(t, l.full)
	require.False(t, l.capped, "for want of time, not of room")
	w.capped = 32
	l.count(&w)
	require.True(t, l.capped)
	require.True(t, l.roundCapped)
}

func TestOverloadIsDemandByCapacity(t *testing.T) {
	l := newLaw(3)
	l.demand = 5
	require.Equal(t, 1.0, l.overload(), "while nothing is known")
	l.setCapacity(2)
	require.Equal(t, 2.5, l.overload())
	l.fast = 1.5
	require.Equal(t, 2.5, l.overload(), "a few calls say little")
	l.fast = 1
	require.Equal(t, 5.0, l.overload(), "but what is plain counts at once")
}

// A third of the capacity at three times the latency is the same number of workers.
func TestShiftScalesCleanLatencyAndHoldsWorkers(t *testing.T) {
	for _, factor := range []float64{3, 1. / 3} {
		w := newWorld(10, 1e7).knowing(10)
		l := w.law
		clean, capacity := l.clean.mean(), l.capacity
		w.service *= factor
		workers := l.workers
		for range 60 {
			w.step(16)
			if l.doubtful {
				break
			}
		}
		require.True(t, l.doubtful, "it is noticed")
		require.Greater(t, math.Log(l.clean.mean()/clean)/math.Log(factor), 0.3, "a third of the way")
		require.InEpsilon(t, l.anchor*l.clean.mean(), capacity*clean, 0.1, "both or none")
		require.Equal(t, workers, l.workers)
		require.Positive(t, l.quick, "clean latency is to be measured soon")
		require.LessOrEqual(t, l.clean.weight, 8.0)
		for range 200 {
			w.step(16)
		}
		require.InEpsilon(t, factor, l.clean.mean()/clean, 0.3)
		require.InEpsilon(t, factor, capacity/l.capacity, 0.3)
		require.InEpsilon(t, workers, l.workers, 0.3)
	}
}

// Services are random; a rate that is of sixty of them is no shift.
func TestChanceIsNotAShift(t *testing.T) {
	l := knows(10, 1)
	random := rand.New(rand.NewPCG(5, 6))
	l.setCapacity(1e-6)
	l.anchor = 1e-6
	shifts := 0
	for range 20_000 {
		busy := 0.0
		for range 16 {
			busy += 1e6 * random.ExpFloat64()
		}
		l.throughput(16, busy)
		if l.shifted() {
			shifts++
		}
	}
	require.Less(t, shifts, 20, "in 320,000 calls")
}

func TestPatienceIsSlowToRiseAndQuickToFall(t *testing.T) {
	var s cleanLatency
	s.lnVar = .1
	calls := func(k int, ns int64) cohort {
		all := make([]int64, k)
		for i := range all {
			all[i] = ns
		}
		return gathered(1, all...)
	}
	s.learn(calls(64, 1e7), 64)
	require.InEpsilon(t, s.arithmetic, s.patience, 1e-9)
	before := s.patience
	for range 10 {
		s.learn(calls(64, 1e8), 64)
	}
	require.Greater(t, s.arithmetic, 8*before)
	require.Equal(t, before, s.patience, "callers do not wait for longer because calls take longer")
	s.age(1e9)
	require.InEpsilon(t, before, s.patience, 0.05, "nor after a second")
	s.age(300e9)
	require.Greater(t, s.patience, 0.6*s.arithmetic, "but after minutes")
	for range 10 {
		s.learn(calls(64, 1e6), 64)
	}
	require.Less(t, s.patience, 1.3*s.arithmetic, "quick to fall")
	s.age(300e9)
	require.Less(t, s.patience, 1.3*s.arithmetic)
}

func TestLatencyThatRisesThoughCapacityDoesNotFallIsTheQueueOfOthers(t *testing.T) {
	l := knows(10, 1)
	l.clean.patience = l.clean.mean()
	require.False(t, l.clean.foreign())
	l.clean.rise(2)
	require.True(t, l.clean.foreign())
	l.clean.slower = 1
	require.False(t, l.clean.foreign(), "the service is slower, which explains it")
	l.clean.slower = 0
	l.clean.patienceOf = 1
	l.clean.lnVar = 1
	require.False(t, l.clean.foreign(), "too little is known")
}

func TestScaleRemembersHowMuchSlowerTheServiceHasBecome(t *testing.T) {
	l := knows(10, 1)
	before := l.clean.mean()
	l.clean.scale(4)
	require.InEpsilon(t, 4*before, l.clean.mean(), 1e-9)
	require.Equal(t, 2.0, l.clean.slower)
	l.clean.scale(.5)
	require.Equal(t, 1.0, l.clean.slower)
	l.clean.scale(1. / 64)
	require.Zero(t, l.clean.slower, "faster than ever is the new measure")
}

func TestMeanIsRightThoughItIsLearntFromLogarithms(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for name, draw := range map[string]func() float64{
		"constant":    func() float64 { return 1 },
		"uniform":     func() float64 { return 2 * random.Float64() },
		"exponential": random.ExpFloat64,
	} {
		l := newLaw(3)
		for range 30 {
			ns := make([]int64, 32)
			for i := range ns {
				ns[i] = int64(1e7 * draw())
			}
			l.clean.learn(gathered(1, ns...), cleanMemory)
		}
		require.InEpsilon(t, 1e7, l.clean.mean(), 0.2, name)
	}
}
