package load

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// limits returns the limits of a start, in order, until it ends.
func (w *world) limits(t *testing.T) (all []float64) {
	t.Helper()
	for range 10_000 {
		if w.law.phase != starting {
			return all
		}
		if n := len(all); n == 0 || all[n-1] != w.law.start.limit {
			all = append(all, w.law.start.limit)
		}
		w.step(8)
	}
	return all
}

func TestLimitTriplesWhileThereIsNoQueue(t *testing.T) {
	w := newWorld(1000, 1e7)
	require.Equal(t, []float64{3, 9, 27, 81, 243, 729, 2187}, w.limits(t))
	require.Equal(t, steady, w.law.phase)
}

func TestLimitStaysNearWhatIsAskedFor(t *testing.T) {
	for _, inFlight := range []float64{1, 30, 200} {
		w := newWorld(1000, 1e7)
		w.demand = inFlight / w.workers
		limits := w.limits(t)
		last := limits[len(limits)-1]
		require.Equal(t, starting, w.law.phase, "there was no queue")
		require.Greater(t, last, inFlight)
		require.Less(t, last, 1.65*1.1*inFlight+18)
	}
}

func TestStartFindsTheWorkers(t *testing.T) {
	for _, workers := range []float64{1, 2, 5, 20, 100, 1000} {
		for _, service := range []float64{1e5, 1e7, 1e9} {
			w := newWorld(workers, service)
			limits := w.limits(t)
			require.Equal(t, steady, w.law.phase)
			require.LessOrEqual(t, limits[len(limits)-1], max(27, 9*workers), "it ends once there is a queue")
			require.GreaterOrEqual(t, w.law.workers, 0.9*workers, "%g workers of %g ns", workers, service)
			require.LessOrEqual(t, w.law.workers, 2.5*workers, "%g workers of %g ns", workers, service)
			require.InEpsilon(t, w.capacity(), w.law.capacity, 0.3)
		}
	}
}

// begun is a law whose round of a size is out, and which has seen so many clean calls
// of 10 ms.
func begun(limit, clean float64) *law {
	l := newLaw(limit)
	ns := make([]int64, int(clean))
	for i := range ns {
		ns[i] = 1e7
	}
	l.clean.learn(gathered(1, ns...), startMemory)
	l.clean.lnVar = .1
	l.demand = 1
	l.roundCapped = true
	l.setCapacity(5e-7)
	l.now = 1e9
	return l
}

// roundOf is a round of calls that met n others, and took so many times 10 ms.
func roundOf(n, slower float64) cohort {
	ns := make([]int64, 18)
	for i := range ns {
		ns[i] = int64(slower * 1e7)
	}
	return gathered(n, ns...)
}

func TestRoundWithAQueueEndsTheStart(t *testing.T) {
	l := begun(27, 32)
	l.round(roundOf(20, 4), &window{})
	require.Equal(t, steady, l.phase)
	require.InDelta(t, 5, l.workers, 1, "capacity times clean latency")
	require.True(t, l.doubtful)
	require.Positive(t, l.quick)
}

func TestRoundWithoutAQueueGoesOn(t *testing.T) {
	l := begun(27, 32)
	l.round(roundOf(20, 1), &window{})
	require.Equal(t, starting, l.phase)
	require.Equal(t, 81.0, l.start.limit)
	require.Equal(t, 20.0, l.start.inFlight, "so many met no queue")
	l.round(roundOf(60, 4), &window{})
	require.Equal(t, steady, l.phase)
	require.GreaterOrEqual(t, l.workers, 20.0, "which is not forgotten")
}

// A few clean calls may have been short ones. Then a round seems slow, and is not.
func TestRoundThatSeemsSlowIsLookedInto(t *testing.T) {
	l := begun(27, 4)
	l.round(roundOf(20, 3), &window{})
	require.Equal(t, starting, l.phase)
	v := l.verdict()
	require.True(t, v.probing)
	require.Equal(t, 7.0, v.lo, "about the workers that it points to")
	require.Equal(t, math.Ceil(1.5*v.lo), v.clean.size)

	win := window{clean: roundOf(2, 3)} // it is as slow there
	l.endDip(&win)
	require.False(t, l.probing)
	require.Equal(t, 27.0, l.start.limit)
	l.round(roundOf(20, 3), &window{})
	require.Equal(t, starting, l.phase)
	require.Equal(t, 81.0, l.start.limit, "so there was no queue")
}

func TestRoundThatIsSlowEndsTheStartOnceItHasBeenLookedInto(t *testing.T) {
	l := begun(27, 4)
	l.round(roundOf(20, 3), &window{})
	win := window{clean: roundOf(2, 1)}
	l.endDip(&win)
	l.round(roundOf(20, 3), &window{})
	require.Equal(t, steady, l.phase)
}

func TestDipEndsAfterItsTimeThoughNothingComesBack(t *testing.T) {
	l := begun(27, 4)
	l.inFlight = 27
	l.round(roundOf(20, 3), &window{})
	id := l.crowdWant.id
	l.endDip(&window{})
	require.True(t, l.probing, "it has time")
	l.now = l.probeEnd
	clean := l.clean
	l.endDip(&window{})
	require.False(t, l.probing)
	require.Equal(t, clean, l.clean, "nothing was learnt")
	require.Greater(t, l.crowdWant.id, id, "the round is to be gathered once more")
}

func TestNoRoundIsLookedIntoForEver(t *testing.T) {
	l := begun(27, 4)
	for range 10 {
		if l.phase != starting || l.start.limit > 27 {
			return
		}
		l.round(roundOf(20, 3), &window{})
		if l.probing {
			l.now = l.probeEnd
			l.endDip(&window{})
		}
	}
	t.Fatal("it goes on dipping")
}

func TestServiceThatHasSlowedDownIsNotTakenForAQueue(t *testing.T) {
	l := begun(27, 32)
	l.round(roundOf(20, 1), &window{})
	l.round(roundOf(20, 3), &window{}) // so many met no queue before
	require.Equal(t, steady, l.phase)
	require.GreaterOrEqual(t, l.workers, 20.0)

	l = begun(27, 32)
	l.start.done, l.start.busy, l.start.full = 20, 40e6, 40e6
	l.start.peak = 2 * 5e-7
	clean := l.clean.mean()
	l.round(roundOf(20, 3), &window{})
	require.Equal(t, steady, l.phase)
	require.InEpsilon(t, 2/1.1*clean, l.clean.mean(), 0.1, "clean latency is of before")
}

func TestQueueIsSeenBeforeTheRoundIsBack(t *testing.T) {
	l := begun(27, 32)
	l.gather(18)
	w := worked(16, 16e6)
	w.crowded = missing(gathered(20, 9e7), 10, int64(l.now-1e8)) // ten have been out for long
	l.starting(&w)
	require.Equal(t, steady, l.phase)
}

func TestFirstCallThatHangsIsGivenUp(t *testing.T) {
	l := newLaw(3)
	id := l.cleanWant.id
	w := worked(16, 16e6)
	w.clean.admitted = 1
	for range 20 {
		l.close(l.now+w.length, w)
	}
	require.Greater(t, l.cleanWant.id, id, "another one is looked for")
	w.clean = gathered(1, 1e6)
	v := l.close(l.now+w.length, w)
	require.Equal(t, float64(secondLimit), v.limit)
}

// Calls have so little time that no more are let in than are in any case, of whom none
// meets the crowd that a round waits for. The start must not last for ever.
func TestStartEndsThoughNoCallHasTheTimeToMeetACrowd(t *testing.T) {
	const service = 1e7 // of the only worker
	l := begun(81, 9)
	l.setCapacity(1 / service)
	l.again()
	v := l.verdict()
	for range 300 {
		n := math.Floor(v.floor)
		if l.phase != starting {
			require.Less(t, v.limit, 81.0)
			return
		}
		w := window{length: 16 * service, busy: 16 * service, refused: 144, timeout: 16}
		w.done = roundOf(n, n).total // each waits for those before it
		if n >= v.hi {
			w.crowded = roundOf(n, n)
		}
		v = l.close(l.now+w.length, w)
	}
	t.Fatalf("%.0f are let in to one worker, though they are late", v.floor)
}
