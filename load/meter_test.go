package load

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/simulate"
)

const quantum = 1.0 / (1 << logPoint)

// durations returns some of every magnitude from 1 ns to 292 years, in order, with
// the neighbours of all powers of two among them.
func durations() (all []int64) {
	rng := rand.New(rand.NewPCG(1, 2))
	for exp := range 63 {
		base := int64(1) << exp
		for range 200 {
			all = append(all, base+rng.Int64N(base))
		}
		all = append(all, base, max(1, base-1), base+1)
	}
	all = append(all, math.MaxInt64)
	slices.Sort(all)
	return all
}

func TestLogarithmIsAtMostNineHundredthsTooLow(t *testing.T) {
	for _, ns := range durations() {
		short := math.Log2(float64(ns)) - float64(logOf(ns))*quantum
		if short < -1e-9 || short > 0.09+quantum {
			t.Fatalf("of %d ns it is %g too low", ns, short)
		}
	}
}

func TestLogarithmIsMonotone(t *testing.T) {
	last := uint64(0)
	for _, ns := range durations() {
		log := logOf(ns)
		if log < last {
			t.Fatalf("of %d ns it is less than before", ns)
		}
		last = log
	}
}

func TestLogarithmOfNothingIsThatOfANanosecond(t *testing.T) {
	for _, ns := range []int64{1, 0, -1, math.MinInt64} {
		require.Zero(t, logOf(ns))
	}
}

func TestAntilogIsTheInverse(t *testing.T) {
	for _, ns := range durations() {
		back, exact := antilog(float64(logOf(ns))*quantum), float64(ns)
		if back > exact || back < exact*(1-quantum) {
			t.Fatalf("%d ns came back as %g", ns, back)
		}
	}
}

// Means of logarithms are between the units, and may be negative.
func TestAntilogIsMonotone(t *testing.T) {
	last := 0.0
	for log := -3.0; log < 64; log += quantum / 3 {
		v := antilog(log)
		if v <= last {
			t.Fatalf("of %g it is %g, and was %g", log, v, last)
		}
		last = v
	}
}

// The words may have any value to begin with: near their ends above all.
func TestAccountsTellWhatWasAddedThoughTheirWordsRunOver(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	starts := []uint64{0, 1, math.MaxUint64, math.MaxUint64 - 1e6, tallyOne - 1, tallyOne, math.MaxUint64 - tallyOne, rng.Uint64()}
	for _, sum := range starts {
		for _, word := range starts {
			var a account
			a.sum.Store(sum)
			a.tally.Store(word)
			before := a.read()
			requireAccounted(t, &a, before, rng)
		}
	}
}

// requireAccounted adds durations, and compares with sums that have no end.
func requireAccounted(t *testing.T, a *account, before total, rng *rand.Rand) {
	t.Helper()
	sum, logs := new(big.Int), new(big.Int)
	n := 1 + rng.IntN(300)
	for range n {
		ns := int64(1) << rng.IntN(55)
		ns += rng.Int64N(ns)
		a.add(ns, logOf(ns))
		sum.Add(sum, big.NewInt(ns))
		logs.Add(logs, big.NewInt(int64(logOf(ns))))
	}
	got := a.read().since(before)
	require.Equal(t, float64(n), got.count())
	require.Equal(t, sum, new(big.Int).SetUint64(got.sum))
	require.Equal(t, logs, new(big.Int).SetUint64(uint64(got.tally)%tallyOne))
	require.InEpsilon(t, float64(sum.Uint64())/float64(n), got.mean(), 1e-12)
	require.InEpsilon(t, float64(logs.Int64())*quantum/float64(n)+1, got.log()+1, 1e-12)
}

// A window must not be longer than what a tally has room for: 16 million calls.
func TestTallyHasRoomForMillionsOfTheLongest(t *testing.T) {
	const n = 1<<(64-logBits) - 1
	log := logOf(math.MaxInt64)
	before := tally(math.MaxUint64 - 7)
	after := before + n*tally(tallyOne|log)
	require.Equal(t, float64(n), (after - before).count())
	require.InDelta(t, float64(log)*quantum, (after - before).log(), 1e-9)
}

func TestTotalsAddUp(t *testing.T) {
	var a, b account
	a.add(8, logOf(8))
	b.add(2, logOf(2))
	b.add(2, logOf(2))
	both := a.read().plus(b.read())
	require.Equal(t, 3.0, both.count())
	require.Equal(t, 4.0, both.mean())
	require.InDelta(t, 5.0/3, both.log(), 1e-12)
	require.Equal(t, b.read(), both.since(a.read()))
}

func TestNothingIsLostWhenManyAddAtATime(t *testing.T) {
	const adders, each = 16, 2000
	var a account
	var f float
	var all sync.WaitGroup
	for range adders {
		all.Go(func() {
			for range each {
				a.add(4, logOf(4))
				f.Add(0.25)
			}
		})
	}
	all.Wait()
	got := a.read()
	require.Equal(t, uint64(4*adders*each), got.sum)
	require.Equal(t, float64(adders*each), got.count())
	require.Equal(t, 2.0, got.log())
	require.Equal(t, 0.25*adders*each, f.Load())
}

// An ending is the end of a call that succeeded.
type ending struct{ now, start, n int64 }

func busyAfter(workers float64, endings ...ending) int64 {
	var m meter
	for _, e := range endings {
		m.worked(e.now, e.start, e.n, 1/workers)
	}
	return m.busy.Load()
}

func TestBusyIsTheTimeForWhichThereWasWork(t *testing.T) {
	for name, c := range map[string]struct {
		workers float64
		endings []ending
		want    int64
	}{
		"one worker, one call after the other": {1, []ending{{100, 0, 2}, {200, 0, 2}, {300, 100, 2}}, 300},
		"more work than workers":               {4, []ending{{100, 0, 9}, {130, 10, 8}, {200, 20, 7}}, 200},
		"idle in between":                      {1, []ending{{100, 0, 2}, {1100, 1000, 2}}, 200},
		"half of the workers":                  {10, []ending{{1000, 0, 5}}, 450},
		"half, for it was alone, and all":      {2, []ending{{100, 0, 1}, {200, 0, 3}}, 150},
		"at the same moment":                   {1, []ending{{100, 0, 3}, {100, 0, 2}, {100, 100, 1}}, 100},
		"nothing took any time":                {1, []ending{{0, 0, 1}, {0, 0, 1}}, 0},
	} {
		require.Equal(t, c.want, busyAfter(c.workers, c.endings...), name)
	}
}

// Of a call that failed nobody knows whether a worker had it.
func TestTimeOfFailedCallsIsLeftOutOfAccount(t *testing.T) {
	var m meter
	m.wasted(100, 0)
	require.Zero(t, m.busy.Load())
	m.worked(150, 0, 5, 1)
	require.Equal(t, int64(50), m.busy.Load())
	m.wasted(400, 390)
	m.worked(500, 100, 5, 1)
	require.Equal(t, int64(50+340), m.busy.Load(), "of the 350 since the last ending ten were the failed call's")
}

// Failures that take no time, between all endings, must not hide that there was work.
func TestFailuresThatTakeNoTimeChangeNothing(t *testing.T) {
	var with, without meter
	for now := int64(100); now < 100_000; now += 100 {
		for at := now - 90; at < now; at += 10 {
			with.wasted(at, at)
		}
		with.worked(now, now-150, 3, 0.5)
		without.worked(now, now-150, 3, 0.5)
	}
	require.Equal(t, without.busy.Load(), with.busy.Load())
	require.Equal(t, without.last.Load(), with.last.Load())
}

// Clocks are read before the word is swapped, so a call may report an end before that
// of the one before. It must not make the workers busy for a negative time, nor for
// longer than the clocks were out of order.
func TestClocksOutOfOrderChangeBusyByNoMoreThanTheirDisorder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var m meter
		last, back, elapsed := int64(0), int64(0), int64(0)
		for range 500 {
			now := max(0, last+rng.Int64N(1000)-200)
			back += max(0, last-now)
			last = now
			elapsed = max(elapsed, now)
			before := m.busy.Load()
			m.worked(now, 0, 100, 0.1)
			require.GreaterOrEqual(t, m.busy.Load(), before)
		}
		require.GreaterOrEqual(t, m.busy.Load(), last)
		require.LessOrEqual(t, m.busy.Load(), elapsed+back)
	}
}

// metered lets all requests in, up to a bound, and counts what they do.
type metered struct {
	m         meter
	now       int64
	inside    int64
	bound     int64
	perWorker float64
	served    int64
}

func (g *metered) Admit(simulate.Request) (settle func(bool), ok bool) {
	if g.inside >= g.bound {
		return nil, false
	}
	g.inside++
	start := g.now
	return func(bool) {
		g.m.worked(g.now, start, g.inside, g.perWorker)
		g.inside--
		g.served++
	}, true
}

// measuredCapacity returns what a meter that is told how many workers there are finds
// that they can do, in multiples of what they can.
func measuredCapacity(workers int, load float64) float64 {
	sc := &simulate.Scenario{
		Workers: workers, Service: simulate.Light, Mean: 10 * time.Millisecond, Load: simulate.Always(load),
		Deadline: time.Hour, Length: 200 * time.Second / time.Duration(workers), Seed: 1,
	}
	g := &metered{bound: int64(3 * workers), perWorker: 1 / float64(workers)}
	simulate.Run(sc, g, func(to time.Duration) { g.now = int64(to) })
	return float64(g.served) / float64(g.m.busy.Load()) * 1e9 / sc.Capacity()
}

func TestCallsPerBusyTimeAreTheCapacityAtAnyLoad(t *testing.T) {
	for _, workers := range []int{1, 10, 100} {
		for _, load := range []float64{0.2, 0.5, 0.9, 1.5, 5} {
			require.InDelta(t, 1, measuredCapacity(workers, load), 0.08, "%d workers at %.1fx", workers, load)
		}
	}
}
