package load

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// crowdOf is a crowd that met n in flight, d above clean latency.
func (l *law) crowdOf(n, d float64) cohort {
	ns := make([]int64, crowdSize)
	for i := range ns {
		ns[i] = int64(antilog(l.clean.log + d/math.Ln2))
	}
	return gathered(n, ns...)
}

func TestWorkersGrowWhereACrowdMeetsNoQueue(t *testing.T) {
	l := knows(10, 1)
	capacity, want := l.capacity, 10.0
	for _, step := range []float64{1, 2, 3, 3} { // ever longer, up to a point
		l.roundCapped = true
		l.compare(l.crowdOf(12, 0))
		want *= math.Pow(stepUp, step)
		require.InEpsilon(t, want, l.workers, 1e-9)
		require.InEpsilon(t, capacity*want/10, l.capacity, 1e-9, "and capacity with them")
		require.False(t, l.roundCapped, "the next crowd speaks for itself")
	}
}

func TestWorkersDoNotGrowWhereACrowdMeetsAQueue(t *testing.T) {
	for _, n := range []float64{11, 14, 30} {
		l := knows(10, 1)
		l.streak, l.roundCapped = 2, true
		l.compare(l.crowdOf(n, math.Log(n/10)+noQueue))
		require.Equal(t, 10.0, l.workers)
		require.Zero(t, l.streak)
	}
}

func TestWorkersDoNotGrow(t *testing.T) {
	for name, spoil := range map[string]func(l *law){
		"while the limit refuses nobody":   func(l *law) { l.roundCapped = false },
		"while clean latency is a guess":   func(l *law) { l.clean.weight = 7 },
		"soon after the service shifted":   func(l *law) { l.doubtful, l.clean.weight = true, 9 },
		"while others queue at it as well": func(l *law) { l.clean.rise(8) },
	} {
		l := knows(10, 1)
		l.clean.patience = l.clean.mean()
		l.roundCapped = true
		spoil(l)
		l.compare(l.crowdOf(12, 0))
		require.Equal(t, 10.0, l.workers, name)
	}
}

// Nobody is refused, and all the same there is a queue: the workers must be fewer.
func TestWorkersShrinkWhereAFewMeetAQueue(t *testing.T) {
	l := knows(10, 1)
	l.compare(l.crowdOf(12, math.Log(12.0/7)))
	require.InEpsilon(t, 1.05*7, l.workers, 1e-3)
	l.compare(l.crowdOf(12, 3))
	require.InEpsilon(t, .6*1.05*7, l.workers, 1e-3, "not by more than two fifths at a time")
	l.roundCapped = true
	before := l.workers
	l.compare(l.crowdOf(12, 3))
	require.Equal(t, before, l.workers, "while the limit refuses, there is a queue by design")
	l.workers = 1.1
	for range 10 {
		l.compare(l.crowdOf(12, 3))
	}
	require.Equal(t, 1.0, l.workers)
}

func TestCapacityOfTheSameTimeIsNeededForAShift(t *testing.T) {
	l := knows(10, 1)
	l.anchor = 0
	l.recent *= 100
	require.False(t, l.shifted())
	l.compare(l.crowdOf(12, 1))
	require.Equal(t, l.capacity, l.anchor, "the next crowd sets it")
	require.True(t, l.shifted())
}

// Calls that hang must not keep the others of their crowd from being looked at.
func TestCrowdIsLookedAtThoughSomeOfItHang(t *testing.T) {
	l := knows(10, 1)
	l.full = false
	l.gather(crowdSize)
	id := l.crowdWant.id
	w := worked(16, 16e6)
	w.refused, w.capped = 100, 100
	w.crowded = l.crowdOf(12, 0)
	w.crowded.n *= 2
	w.crowded.admitted *= 2 // half of them hang
	for l.crowdWant.id == id {
		require.Less(t, l.age, 1000.0)
		require.Equal(t, 10.0, l.workers)
		l.now += w.length
		l.count(&w)
		l.steady(&w)
	}
	require.InEpsilon(t, 10*stepUp, l.workers, 1e-9)
}

func TestCrowdOfWhichMostHangIsGatheredAnew(t *testing.T) {
	l := knows(10, 1)
	l.gather(crowdSize)
	id := l.crowdWant.id
	w := worked(16, 16e6)
	w.crowded = l.crowdOf(12, 0)
	w.crowded.n *= 3
	w.crowded.admitted *= 3
	for range 60 {
		l.count(&w)
		l.steady(&w)
	}
	require.Greater(t, l.crowdWant.id, id)
	require.Equal(t, 10.0, l.workers)
}

func TestLawFindsWorkersThatWereAdded(t *testing.T) {
	w := newWorld(10, 1e7).knowing(10)
	w.workers = 40
	for range 1500 {
		w.step(16)
	}
	require.InEpsilon(t, 40.0, w.law.workers, 0.35)
}

func TestLawFindsWorkersThatWereTakenAway(t *testing.T) {
	w := newWorld(40, 1e7).knowing(40)
	w.workers = 10
	for range 1500 {
		w.step(16)
	}
	require.InEpsilon(t, 10.0, w.law.workers, 0.35)
}
