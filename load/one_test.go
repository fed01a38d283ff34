package load

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// turned is a cohort of which so many came back in turn.
func turned(c cohort, turns float64) cohort {
	c.turns, c.returned = turns, c.count()
	return c
}

func TestCallsAreInTurnWhenNobodyOvertakes(t *testing.T) {
	round := roundOf(9, 9)
	all := turned(round, 18)
	require.True(t, all.inTurn())
	some := turned(round, 17)
	require.False(t, some.inTurn(), "one was overtaken")
	few := turned(gathered(9, 1e7, 1e7, 1e7, 1e7), 4)
	require.False(t, few.inTurn(), "that may be chance")
	alone := turned(roundOf(2, 1), 18)
	require.False(t, alone.inTurn(), "who meets nobody overtakes nobody")
}

func TestOneWorkerMakesCallsWaitForAllThatTheyMeet(t *testing.T) {
	c := turned(roundOf(9, 9), 18)
	require.True(t, c.forOne(math.Log(9), 0))
	require.False(t, c.forOne(0, .5), "in turn for they all take the same, with a worker for each")
	require.False(t, c.forOne(math.Log(9)-.7, .3))
	require.True(t, c.forOne(math.Log(9)-.7, .5), "clean latency is known no better")
}

// The first call may be a long one: it does not matter then what it says of the queue.
func TestStartEndsWithOneWorkerWhereCallsQueueInTurn(t *testing.T) {
	l := begun(9, 1)
	l.clean.lnVar = 1
	c := turned(roundOf(9, 4), 18)
	l.round(c, &window{crowded: c})
	require.Equal(t, steady, l.phase)
	require.Equal(t, 1.0, l.workers)
	require.InEpsilon(t, 1/l.capacity, l.clean.mean(), .02, "what it takes follows from throughput")
	require.Equal(t, 1/l.capacity, l.clean.patience)
}

func TestStartGoesOnWhereCallsComeBackInTurnWithoutAQueue(t *testing.T) {
	l := begun(9, 8)
	c := turned(roundOf(9, 1), 18)
	l.round(c, &window{crowded: c})
	require.Equal(t, starting, l.phase)
	require.Equal(t, 27.0, l.start.limit)
}

func TestOneWorkerIsNotProbed(t *testing.T) {
	l := newWorld(1, 1e7).knowing(1.2).law
	l.compare(turned(roundOf(4, 4), 18))
	require.True(t, l.single)
	require.Equal(t, 1.0, l.workers)
	l.full, l.fullDone, l.sinceProbe, l.probeAt = true, 100, 1e9, 0
	l.now = 1e15
	l.maybeProbe()
	require.False(t, l.probing)
	l.compare(turned(roundOf(4, 4), 9))
	require.False(t, l.single, "they overtake again")
	l.maybeProbe()
	require.True(t, l.probing)
}

func TestWorkersWhoEndInTurnAreProbedDeeper(t *testing.T) {
	l := newWorld(8, 1e7).knowing(8).law
	l.compare(turned(roundOf(11, 1.4), 18))
	require.Equal(t, 8.0, l.workers, "a probe is to say whether that is so")
	require.True(t, l.deep)
	l.probing = true
	require.Equal(t, 2.0, l.lo())
	l.probing = false
	require.Equal(t, 4.0, l.lo())
}

func TestPatienceIsNotGuessedFromTheFirstCalls(t *testing.T) {
	l := begun(9, 3)
	require.Zero(t, l.deadline().patience)
	l.clean.learn(gathered(1, 1e7), startMemory)
	require.Positive(t, l.deadline().patience)
	l = begun(9, 1)
	l.phase = steady
	require.Positive(t, l.deadline().patience, "once it has begun, anything is better than nothing")
}

func TestThroughputCorrectsPatienceByAsMuchAsIsInDoubt(t *testing.T) {
	s := cleanLatency{lnVar: 1, patience: 1e7, patienceOf: 16}
	s.confirm(1.2e7, 16)
	require.InEpsilon(t, math.Sqrt(1.2)*1e7, s.patience, 1e-9)
	require.Equal(t, 32.0, s.patienceOf)
	s.confirm(2.5e7, 64)
	require.InEpsilon(t, math.Sqrt(1.2)*1e7, s.patience, 1e-9, "that is a slower service, not a more patient caller")
}

// inTurnOf lets so many calls in, ends them in the order of the indexes, and returns how
// many of them were in turn.
func inTurnOf(order ...int) uint64 {
	s := New(Options{CPUThreshold: -1, InitialLimit: 100})
	s.crowded.reopen(2, 100)
	s.rules.hi.Store(1)
	s.rules.lo.Store(0)
	permits := make([]weir.Permit, len(order))
	for i := range permits {
		permits[i], _ = s.Allow(context.Background())
	}
	for _, i := range order {
		permits[i].Done(weir.Success)
	}
	return s.crowded.books[0].read().turns
}

func TestCallsKnowWhetherTheyEndedInTurn(t *testing.T) {
	require.Equal(t, uint64(4), inTurnOf(0, 1, 2, 3))
	require.Equal(t, uint64(2), inTurnOf(0, 2, 1, 3), "two have changed places")
	require.Equal(t, uint64(0), inTurnOf(3, 0, 1, 2), "the last one has overtaken all")
}
