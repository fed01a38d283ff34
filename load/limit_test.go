package load

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// knows is a law that has found out about so many workers, with little doubt.
func knows(workers, cv2 float64) *law {
	l := newLaw(3)
	l.phase, l.workers = steady, workers
	l.clean = cleanLatency{
		log: 20, weight: cleanMemory, shape: 1, shapeWeight: 256,
		lnVar: .01, cv2: cv2, varWeight: 128, patience: 1e6, patienceOf: 100,
	}
	l.clean.arithmetic = l.clean.mean()
	l.setCapacity(workers / l.clean.mean())
	l.anchor, l.demand = l.capacity, l.capacity
	return l
}

// rise makes clean latency that many times as long.
func (s *cleanLatency) rise(times float64) {
	s.log += math.Log2(times)
	s.arithmetic *= times
}

// A single server with room for n calls, itself included, idles for
// (rho-1)/(rho^(n+1)-1) of the time if calls and services are random.
func idle(rho, n float64) float64 { return (rho - 1) / (math.Pow(rho, n+1) - 1) }

func TestHeadroomKeepsOneWorkerBusy(t *testing.T) {
	l := knows(1, 1)
	for _, rho := range []float64{1.5, 2, 3, 10, 100} {
		h := l.headroom(rho)
		require.InDelta(t, 1.0/30, idle(rho, h-1), 1e-9, "at %gx", rho)
		require.Less(t, idle(rho, math.Floor(l.limitAt(rho))), 1.0/30, "at %gx", rho)
	}
}

func TestHeadroomShrinksAsOverloadGrows(t *testing.T) {
	for _, workers := range []float64{1, 7, 500} {
		l := knows(workers, 1)
		last := math.Inf(1)
		for rho := 0.1; rho < 1e6; rho *= 1.1 {
			h := l.headroom(rho)
			require.LessOrEqual(t, h, last)
			require.Positive(t, h)
			last = h
		}
		require.Equal(t, idlest, l.headroom(0), "where there is no overload")
		require.Equal(t, idlest, l.headroom(1.05))
	}
}

func TestVariedServiceNeedsMoreHeadroom(t *testing.T) {
	for _, rho := range []float64{0.5, 1.5, 10} {
		plain := knows(10, 0).headroom(rho)
		require.Equal(t, plain, knows(10, 1).headroom(rho))
		require.Equal(t, 1.5*plain, knows(10, 2).headroom(rho))
		require.Equal(t, 2*plain, knows(10, 3).headroom(rho))
		require.Equal(t, 2*plain, knows(10, 1e9).headroom(rho), "within reason")
	}
}

func TestLimitIsTheWorkersWithAMarginAndHeadroom(t *testing.T) {
	l := knows(100, 1)
	l.clean.lnVar = 0
	require.InDelta(t, margin*100+l.headroom(3), l.limitAt(3), 1e-9)
	l.clean.lnVar, l.clean.weight = 1, 25
	require.InDelta(t, margin*(1+doubt/5)*100+l.headroom(3), l.limitAt(3), 1e-9, "and more if they are in doubt")
	l.burst = true
	require.InDelta(t, margin*(1+doubt/5)*100+burstRoom*100, l.limitAt(3), 1e-9, "and in a burst")
	l.phase, l.start.limit = starting, 27
	require.Equal(t, 27.0, l.limitAt(3), "but not before they are known")
}

func TestCleanAndCrowdedCallsAreApart(t *testing.T) {
	for workers := 1.0; workers < 1e6; workers = workers*1.07 + .01 {
		l := knows(workers, 1)
		require.GreaterOrEqual(t, l.lo(), 1.0)
		require.LessOrEqual(t, l.lo(), max(1, .7*workers), "clean calls meet idle workers")
		require.GreaterOrEqual(t, l.hi(), .8*workers)
		require.Less(t, l.lo(), l.hi())
		require.Less(t, l.hi(), l.limitAt(1e9)+1, "else there would be no crowd")
	}
	l := newLaw(3)
	for _, limit := range []float64{1, 2, 3, 9, 81, 1e6} {
		l.start.limit = limit
		require.Equal(t, max(1, math.Floor(limit/9)), l.lo())
		require.Less(t, l.lo(), l.hi())
		require.LessOrEqual(t, l.hi(), max(2, limit))
	}
}

var someDeadline = deadline{fast: 1, floor: 10, spread: 1, patience: 1000, wait: .4, room: 50}

func TestReachIsAllThatAreDoneInTimeLessTheLastOnesOwnService(t *testing.T) {
	d := someDeadline
	d.spread = 0
	require.Equal(t, 1000-.7*10, d.reach(1000))
	require.Equal(t, math.Sqrt(10*20), d.reach(20), "where the workers come first")
	require.Equal(t, 10.0, d.reach(2))
	for _, left := range []float64{0, -5, math.NaN(), math.Inf(-1)} {
		require.Equal(t, 10.0, d.reach(left))
	}
	d.spread = 2
	require.Equal(t, 1000-.7*10-2*math.Sqrt(1000-17), d.reach(1000))
}

func TestMoreTimeOrMoreWorkersNeverMeanLessReach(t *testing.T) {
	for _, spread := range []float64{0, .7, 4} {
		for _, floor := range []float64{1, 10, 1000} {
			d := deadline{fast: 1, floor: floor, spread: spread}
			last := 0.0
			for left := 1.0; left < 1e9; left *= 1.05 {
				got := d.reach(left)
				require.GreaterOrEqual(t, got, last)
				require.GreaterOrEqual(t, got, floor)
				require.LessOrEqual(t, got, max(left, floor), "no more than are done in time")
				last = got
			}
		}
	}
}

func TestCallsThatHaveTimeGetRoomBeyondTheLimit(t *testing.T) {
	d := someDeadline
	require.Equal(t, 0.0, d.extra(20, 10), "none with reach for the workers only")
	require.Equal(t, 0.0, d.extra(20, 35), "nor if its share ends at the limit")
	require.InDelta(t, 2, d.extra(20, 40), 1e-9, "two fifths of the reach beyond the workers")
	require.Equal(t, 30.0, d.extra(20, 1e9), "up to the room")
	require.Equal(t, 0.0, d.extra(60, 1e9), "which may be less than the limit")
	d.wait = 0
	require.Equal(t, 0.0, d.extra(20, 1e9), "while probing")
	d.wait, d.room = 1, math.Inf(1)
	require.Equal(t, 80.0, d.extra(20, 100), "all of it in a burst")
}

func TestDeadlineFollowsFromWhatIsKnown(t *testing.T) {
	l := knows(10, 1)
	l.demand = 3 * l.capacity
	d := l.deadline()
	require.Equal(t, l.fast, d.fast)
	require.Equal(t, 10.0, d.floor)
	require.Equal(t, patientTimes*1e6*math.Exp(-patienceDoubt*.01), d.patience)
	l.clean.patienceOf = 1
	require.Less(t, l.deadline().patience, .99*d.patience, "of few calls, it may be too long")
	require.Equal(t, waitShare, d.wait)
	require.InDelta(t, l.limit()+2*l.headroom(3), d.room, 1e-9)
	require.InDelta(t, spreadCalm+spreadLoad*2/3, d.spread, 1e-9)
	l.probing = true
	require.Zero(t, l.deadline().wait)
	l.probing, l.burst = false, true
	require.Equal(t, 1.0, l.deadline().wait)
	require.Equal(t, math.Inf(1), l.deadline().room)
}
