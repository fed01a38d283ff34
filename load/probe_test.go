package load

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// full is a law that knows ten workers, in overload for long.
func full() *law {
	l := knows(10, 1)
	l.demand = 3 * l.capacity
	l.full, l.fullDone = true, 64
	l.latency, l.inFlight = 2*l.clean.mean(), 20
	return l
}

// probing is full with a probe that has begun.
func probing(t *testing.T) *law {
	t.Helper()
	l := full()
	l.now, l.sinceProbe = 1e12, 1e6
	l.maybeProbe()
	require.True(t, l.probing)
	return l
}

func TestProbeIsDueAfterManyCallsAndMuchTime(t *testing.T) {
	for name, c := range map[string]struct {
		now, calls float64
		due        bool
	}{
		"neither":    {1e6, 100, false},
		"calls only": {1e6, 1e6, false},
		"time only":  {1e12, 100, false},
		"both":       {1e12, 1e6, true},
	} {
		l := full()
		l.now, l.sinceProbe = c.now, c.calls
		l.maybeProbe()
		require.Equal(t, c.due, l.probing, name)
	}
}

func TestProbeIsDueSoonerWhileTheWorkersAreInDoubt(t *testing.T) {
	due := func(quick int) (now float64) {
		for now = 1e6; ; now *= 1.05 {
			l := full()
			l.quick = quick
			l.now, l.sinceProbe = now, now*l.capacity
			if l.maybeProbe(); l.probing {
				return now
			}
		}
	}
	require.Less(t, 3*due(1), due(0))
}

func TestThereIsNoProbeWithoutOverload(t *testing.T) {
	l := full()
	l.full = false
	l.now, l.sinceProbe = 1e12, 1e6
	l.steady(&window{})
	require.False(t, l.probing, "clean calls come by themselves")
}

func TestProbeLowersTheLimitForAFewCalls(t *testing.T) {
	l := full()
	crowd, clean := l.crowdWant.id, l.cleanWant.id
	l = probing(t)
	v := l.verdict()
	require.True(t, v.probing)
	require.True(t, v.eager)
	require.Equal(t, 6.0, v.lo)
	require.Equal(t, 12.0, v.clean.size)
	require.Zero(t, v.wait, "nobody waits for that")
	require.Greater(t, v.clean.id, clean)
	require.Greater(t, v.crowded.id, crowd)
	require.Greater(t, l.probeEnd, l.now+20/l.fast, "the queue has to drain first")
}

// clean are twelve calls without a queue, that took f times as long as before.
func (l *law) cleanCalls(f float64) cohort {
	ns := make([]int64, 12)
	for i := range ns {
		ns[i] = int64(f * l.clean.mean())
	}
	return gathered(3, ns...)
}

func TestProbeEndsWhenItsCallsAreBack(t *testing.T) {
	l := probing(t)
	id := l.cleanWant.id
	w := window{clean: l.cleanCalls(1)}
	w.clean.admitted = 11 // not all have come yet
	l.endProbe(&w)
	require.True(t, l.probing)
	w.clean.admitted = 12
	l.endProbe(&w)
	require.False(t, l.probing)
	require.Greater(t, l.cleanWant.id, id)
	require.Equal(t, l.now, l.probeAt)
	require.Zero(t, l.sinceProbe)
	require.InEpsilon(t, 10, l.workers, 0.02)
}

func TestProbeEndsAfterItsTimeThoughNothingComesBack(t *testing.T) {
	l := probing(t)
	clean := l.clean
	l.now = l.probeEnd - 1
	l.endProbe(&window{})
	require.True(t, l.probing)
	l.now = l.probeEnd
	l.endProbe(&window{})
	require.False(t, l.probing)
	require.Equal(t, 10.0, l.workers)
	require.Equal(t, clean, l.clean)
	l.maybeProbe()
	require.False(t, l.probing, "and not at once again")
}

func TestProbeEndsWhereNothingEndsAtAll(t *testing.T) {
	l := probing(t)
	for range 100 {
		length := 10 * l.clean.mean()
		l.close(l.now+length, window{length: length, busy: length, refused: 50})
		if !l.probing {
			return
		}
	}
	t.Fatal("it goes on")
}

func TestProbeMovesTheWorkersTowardsWhatItFound(t *testing.T) {
	for _, c := range []struct{ found, least, most float64 }{
		{1e9, 1.15, 1.15}, {11, 1.05, 1.1}, {10, 1, 1}, {9, .9, .95}, {1, .8, .8},
	} {
		l := full()
		l.correct(c.found)
		require.GreaterOrEqual(t, l.workers, 10*c.least-1e-9)
		require.LessOrEqual(t, l.workers, 10*c.most+1e-9)
	}
}

func TestProbeMovesTheWorkersFurtherWhileTheyAreInDoubt(t *testing.T) {
	for _, c := range []struct {
		found, workers float64
		quick          int
	}{{1e9, 25, 1}, {1e-9, 4, 1}, {10, 10, 0}} {
		l := full()
		l.quick = 2
		l.correct(c.found)
		require.InEpsilon(t, c.workers, l.workers, 1e-9)
		require.Equal(t, c.quick, l.quick)
	}
}

func TestProbeNeverFindsLessThanOneWorker(t *testing.T) {
	l := full()
	for range 50 {
		l.correct(1e-3)
	}
	require.Equal(t, 1.0, l.workers)
}

// Latency is that of a queue of others. To let in more would only take from them.
func TestWorkersFallWhileOthersQueueAtTheService(t *testing.T) {
	l := full()
	l.clean.patience = l.clean.mean()
	l.clean.rise(4)
	require.True(t, l.clean.foreign())
	l.correct(40)
	require.Less(t, l.workers, 10.0)
	require.Greater(t, l.workers, 8.9)
}

func TestFewerThanThreeCallsSayNothing(t *testing.T) {
	l := full()
	clean := l.clean
	l.measured(gathered(3, 1e9, 1e9))
	require.Equal(t, clean, l.clean)
	require.Equal(t, 10.0, l.workers)
}

func TestLatencyThatIsPlainlyAnotherReplacesWhatWasKnown(t *testing.T) {
	l := full()
	mean := l.clean.mean()
	l.measured(l.cleanCalls(3))
	require.InEpsilon(t, 3*mean, l.clean.mean(), 0.1)
	require.Equal(t, 12.0, l.clean.weight)
	require.False(t, l.doubtful)
	require.Equal(t, l.capacity, l.anchor, "what belongs to it")
}

func TestLatencyThatIsNearlyTheSameIsAddedToWhatWasKnown(t *testing.T) {
	l := full()
	mean := l.clean.mean()
	l.measured(l.cleanCalls(1.1))
	require.InEpsilon(t, mean, l.clean.mean(), 0.02)
	require.Equal(t, float64(cleanMemory), l.clean.weight)
}

// At part load busy time is counted by the very number of workers that would be found.
func TestWorkersStayAtPartLoad(t *testing.T) {
	l := full()
	l.fullDone = 31
	l.measured(l.cleanCalls(3))
	require.Equal(t, 10.0, l.workers)
}

// It ended while nobody called, and the first who come after that are just in.
func TestProbeLearnsNothingFromWhoCameAfterItsEnd(t *testing.T) {
	l := probing(t)
	mean := l.clean.mean()
	l.now, l.latency = l.probeEnd+1e9, 20*mean
	c := gathered(3, int64(mean), int64(mean))
	c.admitted, c.filled = 10, int64(l.now)
	l.endProbe(&window{clean: c})
	require.False(t, l.probing)
	require.Equal(t, mean, l.clean.mean())
	require.Equal(t, 10.0, l.workers)
}
