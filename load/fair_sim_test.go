package load

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/simulate"
)

// A simulated is the context of a simulated request. It has no timer.
type simulated struct {
	context.Context // with the class
	deadline        time.Time
	caller          int
}

func (r *simulated) Deadline() (time.Time, bool) { return r.deadline, true }

func (r *simulated) Err() error {
	if time.Now().After(r.deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

func callerOf(ctx context.Context) string { return strconv.Itoa(ctx.(*simulated).caller) }

func outcomeOf(late bool) weir.Outcome {
	if late {
		return weir.Failure
	}
	return weir.Success
}

// simulateShedder runs a scenario behind a shedder that tells callers apart.
func simulateShedder(t *testing.T, sc *simulate.Scenario) (r *simulate.Result, s *Shedder) {
	synctest.Test(t, func(*testing.T) {
		begin := time.Now()
		s = New(Options{CPUThreshold: -1, Caller: callerOf})
		var classes [numClasses]context.Context
		for i := range classes {
			classes[i] = weir.WithCriticality(context.Background(), classAt(i))
		}
		guard := simulate.GuardFunc(func(r simulate.Request) (func(bool), bool) {
			permit, err := s.Allow(&simulated{classes[r.Class], begin.Add(r.Deadline), r.Caller})
			return func(late bool) { permit.Done(outcomeOf(late)) }, err == nil
		})
		r = simulate.Run(sc, guard, func(to time.Duration) { time.Sleep(to - time.Since(begin)) })
	})
	return r, s
}

// callersAt is ten workers, each of whom can do a hundred calls a second, and callers
// of different weight.
func callersAt(load float64, weights ...float64) *simulate.Scenario {
	return &simulate.Scenario{
		Workers: 10, Service: simulate.Light, Mean: 10 * time.Millisecond, Load: simulate.Always(load),
		Deadline: 100 * time.Millisecond, Callers: weights, Length: 40 * time.Second, Seed: 1,
	}
}

// oneBusy is the weights of a caller who makes ten times as many calls as each of so
// many others.
func oneBusy(others int) []float64 {
	weights := []float64{10}
	for range others {
		weights = append(weights, 1)
	}
	return weights
}

const steadyFrom = 10 * time.Second

// A sharing is what became of a run, by the slots in which callers are counted: those
// who share one share a fate. Slot 0 is that of caller 0. All is in calls per second.
type sharing struct {
	offered, served []float64
	level           float64 // what would be fair: nobody gets more, unless all others have all
}

func share(t *testing.T, sc *simulate.Scenario) (sh *sharing) {
	t.Helper()
	sh = new(sharing)
	r, s := simulateShedder(t, sc)
	seconds := (sc.Length - steadyFrom).Seconds()
	index := map[int]int{}
	for caller := range sc.Callers {
		slot := s.fair.slotOf(strconv.Itoa(caller))
		if _, ok := index[slot]; !ok {
			index[slot] = len(index)
			sh.offered, sh.served = append(sh.offered, 0), append(sh.served, 0)
		}
		c := r.Caller(caller, steadyFrom, sc.Length)
		sh.offered[index[slot]] += float64(c.Offered) / seconds
		sh.served[index[slot]] += float64(c.Good) / seconds
	}
	all := r.Between(steadyFrom, sc.Length)
	require.Less(t, all.LateShare(), 0.01)
	require.Greater(t, float64(all.Good)/seconds, 0.95*sc.Capacity(), "of all")
	sh.level = searchedLevel(sh.offered, sc.Capacity())
	return sh
}

// fairShares returns what each slot got, in multiples of what is fair.
func (sh *sharing) fairShares() (shares []float64) {
	for i, n := range sh.served {
		shares = append(shares, n/min(sh.level, sh.offered[i]))
	}
	return shares
}

// At 3x fifty others make 50 calls a second each, and one makes 500: nearly 20 of
// each can be done.
func TestOneBusyCallerDoesNotCrowdOutFifty(t *testing.T) {
	sh := share(t, callersAt(3, oneBusy(50)...))
	shares := sh.fairShares()
	sum := 0.0
	for _, n := range shares[1:] {
		require.Greater(t, n, 0.75)
		sum += n
	}
	require.Greater(t, sum/float64(len(shares)-1), 0.95)
	require.Less(t, shares[0], 3.0, "of the busy one, who would have 8.5 of them")
}

// At 1.5x ten others make 75 calls a second each, and one makes 750. A quarter of what
// can be done is left for that one. A tenth more than fits is let in to the limit, and
// there all are alike.
func TestCallersBelowTheirShareAreServed(t *testing.T) {
	sum, n := 0.0, 0
	for seed := range uint64(4) {
		sc := callersAt(1.5, oneBusy(10)...)
		sc.Seed = seed
		shares := share(t, sc).fairShares()
		require.Less(t, shares[0], 1.5, "of the busy one")
		for _, s := range shares[1:] {
			require.Greater(t, s, 0.8)
			sum += s
			n++
		}
	}
	require.Greater(t, sum/float64(n), 0.95)
}

func TestCallersWhoAreAlikeAreServedAlike(t *testing.T) {
	sh := share(t, callersAt(3, 1, 1, 1, 1, 1))
	for _, n := range sh.fairShares() {
		require.InDelta(t, 1, n, 0.1)
	}
}

// There is room for all of them, though not at every moment.
func TestNoCallerIsRefusedWhileThereIsEnoughForAll(t *testing.T) {
	_, s := simulateShedder(t, callersAt(0.7, oneBusy(10)...))
	require.Zero(t, s.refused.counts[ReasonCaller][simulate.DefaultClass].Load())
}

// After an overload everybody is let in again.
func TestBusyCallerIsForgivenWithinSeconds(t *testing.T) {
	sc := callersAt(0, oneBusy(10)...)
	sc.Load = []simulate.Step{{Value: 3}, {At: 20 * time.Second, Value: 0.7}}
	r, _ := simulateShedder(t, sc)
	require.Greater(t, r.Caller(0, 10*time.Second, 20*time.Second).RefusedShare(), 0.7)
	require.Less(t, r.Caller(0, 25*time.Second, 40*time.Second).RefusedShare(), 0.005)
}

// The class that fills the server up is shared out; of the one above all is let in,
// as if callers were not told apart.
func TestTellingCallersApartCostsTheClassAboveNothing(t *testing.T) {
	sc := callersAt(2, oneBusy(10)...)
	sc.Classes = [numClasses]float64{0, 0, 0.75, 0.25}
	r, _ := simulateShedder(t, sc)
	require.Greater(t, r.Class(3, steadyFrom, sc.Length).Served(), 0.99)
}
