package load

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/simulate"
)

// even is the mix in which all classes are alike.
var even = mix{0.25, 0.25, 0.25, 0.25}

// anyMix returns a mix in which some classes may be tiny.
func anyMix(rng *rand.Rand) (m mix) {
	sum := 0.0
	for i := range m {
		m[i] = math.Pow(rng.Float64(), 3)
		sum += m[i]
	}
	for i := range m {
		m[i] /= sum
	}
	return m
}

func TestClassesAreNumberedFromTheLowest(t *testing.T) {
	require.Equal(t, int(weir.Critical-weir.Sheddable), classOf(context.Background()))
	for i := range numClasses {
		require.Equal(t, i, classOf(weir.WithCriticality(context.Background(), classAt(i))))
	}
	require.Equal(t, weir.Sheddable, classAt(0))
	require.Equal(t, weir.CriticalPlus, classAt(numClasses-1))
}

func TestMixLearnsWhatArrives(t *testing.T) {
	want := mix{0.1, 0.6, 0.3, 0}
	m := mix{0, 0, 0, 1}
	for n := range 200 { // 20,000 arrivals in windows of a hundred
		m.learn([numClasses]float64{10, 60, 30, 0}, mixMemory)
		require.InDelta(t, 1, m.from(0), 1e-12, "after %d windows", n)
	}
	for i := range m {
		require.InDelta(t, want[i], m[i], 1e-6)
	}
}

func TestMixRemembersAboutAThousandArrivals(t *testing.T) {
	m := mix{0, 0, 0, 1}
	for range 100 {
		m.learn([numClasses]float64{10, 0, 0, 0}, mixMemory)
	}
	require.InDelta(t, math.Exp(-1), m[3], 0.01)
	m = mix{0, 0, 0, 1}
	m.learn([numClasses]float64{1e9, 0, 0, 0}, mixMemory)
	require.InDelta(t, 0, m[3], 1e-5, "a window may be as long as it likes")
}

func TestMixDoesNotChangeWhereNothingArrives(t *testing.T) {
	m := even
	m.learn([numClasses]float64{}, mixMemory)
	require.Equal(t, even, m)
}

// naiveDrop refuses a share of a million calls, one class after the other.
func naiveDrop(m mix, share float64, top int) (drop [numClasses]float64) {
	const calls = 1e6
	refuse := 0.0
	for i := range top + 1 {
		refuse += share * m[i] * calls
	}
	for i := range top + 1 {
		n := m[i] * calls
		here := min(n, refuse)
		refuse -= here
		drop[i] = min(0.98, here/n)
	}
	return drop
}

func TestLowestClassesAreRefusedFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		m, share, top := anyMix(rng), rng.Float64(), rng.IntN(numClasses)
		drop, want := m.lowestFirst(share, top), naiveDrop(m, share, top)
		for i := range drop {
			require.InDelta(t, want[i], drop[i], 1e-6, "%v, %v of 0..%d", m, share, top)
		}
	}
}

// Nothing is refused above top, never all of a class, and a class only once the one
// below is as good as gone.
func TestRefusalIsOfTheSizeThatWasAskedFor(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		m, share, top := anyMix(rng), rng.Float64(), rng.IntN(numClasses)
		drop := m.lowestFirst(share, top)
		asked, spared, refused := 0.0, 0.0, 0.0
		for i, d := range drop {
			require.GreaterOrEqual(t, d, 0.0)
			require.LessOrEqual(t, d, 0.98)
			if i > top {
				require.Zero(t, d)
				continue
			}
			if i > 0 && d > 0 {
				require.GreaterOrEqual(t, drop[i-1], 0.98)
			}
			asked += share * m[i]
			refused += d * m[i]
			spared += 0.02 * m[i]
		}
		require.LessOrEqual(t, refused, asked+1e-9)
		require.GreaterOrEqual(t, refused, asked-spared-1e-9)
	}
}

func TestLowestFirstByExample(t *testing.T) {
	for _, c := range []struct {
		share float64
		top   int
		want  [numClasses]float64
	}{
		{0, 3, [numClasses]float64{}},
		{0.125, 3, [numClasses]float64{0.5}},
		{0.25, 3, [numClasses]float64{0.98}},
		{0.375, 3, [numClasses]float64{0.98, 0.5}},
		{1, 3, [numClasses]float64{0.98, 0.98, 0.98, 0.98}},
		{1, 1, [numClasses]float64{0.98, 0.98}},
		{0.5, 0, [numClasses]float64{0.5}},
	} {
		require.Equal(t, c.want, even.lowestFirst(c.share, c.top), "%g of 0..%d", c.share, c.top)
	}
}

func TestClassThatDoesNotArriveIsPassedOver(t *testing.T) {
	m := mix{0, 0.5, 0, 0.5}
	require.Equal(t, [numClasses]float64{0.98, 0.5}, m.lowestFirst(0.25, 3))
}

func TestFillingClassIsWhereDemandPassesCapacity(t *testing.T) {
	top := mix{0, 0, 0, 1}
	bottom := mix{1, 0, 0, 0}
	for _, c := range []struct {
		m               mix
		load            float64
		filling, exempt int
	}{
		{even, 0, 0, 1}, {even, 0.5, 0, 1}, {even, 1, 0, 1},
		{even, 1.1, 0, 1}, {even, 1.25, 0, 2}, // the three above have 0.94 of it
		{even, 1.3, 1, 2}, {even, 1.9, 1, 3}, {even, 2, 2, 3}, {even, 3, 2, 3},
		{even, 3.8, 2, 4}, {even, 3.9, 3, 4}, {even, 100, 3, 4},
		{top, 0.9, 0, 1}, {top, 0.95, 0, 4}, {top, 1, 3, 4}, {bottom, 50, 0, 1},
	} {
		require.Equal(t, c.filling, c.m.filling(c.load), "%v at %gx", c.m, c.load)
		require.Equal(t, c.exempt, c.m.exempt(c.load), "%v at %gx", c.m, c.load)
	}
}

// someLimit is a limit as a law may have it: less above the capacity the greater the
// load is.
func someLimit(workers float64) func(load float64) float64 {
	return func(load float64) float64 { return 1.2*workers + 16/max(1, load) }
}

func TestMoreCriticalClassesHaveHigherLimits(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		m, load := anyMix(rng), saturated+math.Exp(6*rng.Float64())-1
		workers := math.Exp(7 * rng.Float64())
		limits := m.limits(load, workers, someLimit(workers))
		filling := m.filling(load)
		full := someLimit(workers)(load * m.from(filling))
		for i, l := range limits {
			switch {
			case i < filling:
				require.Equal(t, max(1, math.Floor(workers/2)), l, "class %d has what is left idle", i)
			case i == filling:
				require.Equal(t, full, l, "class %d fills the server up", i)
			default:
				require.Equal(t, limits[filling+1], l, "those above are alike")
				require.GreaterOrEqual(t, l, full)
				require.LessOrEqual(t, l, full+maxReserve)
			}
		}
	}
}

func TestReserveGrowsWithWhatItIsFor(t *testing.T) {
	last := 0.0
	for share := 0.01; share < 0.95; share += 0.01 {
		m := mix{0, 0, 1 - share, share}
		limits := m.limits(1, 10, someLimit(10))
		reserve := limits[3] - limits[2]
		require.Equal(t, 2, m.filling(1))
		require.GreaterOrEqual(t, reserve, last)
		require.LessOrEqual(t, math.Pow(share, reserve), max(crowdedOut, math.Pow(share, maxReserve)), "how often it is used up")
		last = reserve
	}
	require.Equal(t, float64(maxReserve), last)
}

// byClass admits by fixed limits.
func byClass(limits [numClasses]float64) simulate.Guard {
	inside := 0.0
	return simulate.GuardFunc(func(r simulate.Request) (func(bool), bool) {
		if inside >= math.Floor(limits[r.Class]) {
			return nil, false
		}
		inside++
		return func(bool) { inside-- }, true
	})
}

// What these limits are for: the classes above are served nearly fully, the one that
// fills the server up gets the rest, those below nothing, and no capacity is lost.
func TestLimitsShareOutTheServerByClass(t *testing.T) {
	for load, want := range map[float64][numClasses]float64{
		1.5: {0, 0.67, 1, 1}, // of each class served
		3:   {0, 0, 0.33, 1},
		10:  {0, 0, 0, 0.4},
	} {
		sc := &simulate.Scenario{
			Workers: 10, Service: simulate.Light, Mean: 10 * time.Millisecond, Load: simulate.Always(load),
			Deadline: time.Hour, Classes: even, Length: 40 * time.Second, Seed: 1,
		}
		r := simulate.Run(sc, byClass(even.limits(load, 10, someLimit(10))), func(time.Duration) {})
		for class, served := range want {
			got := r.Class(class, time.Second, sc.Length).Served()
			switch served {
			case 0:
				require.Less(t, got, 0.03, "class %d at %gx", class, load)
			case 1:
				require.Greater(t, got, 0.99, "class %d at %gx", class, load)
			default:
				require.InDelta(t, served, got, 0.05, "class %d at %gx", class, load)
			}
		}
		all := r.Between(time.Second, sc.Length)
		require.Greater(t, float64(all.Good)/39, 0.97*sc.Capacity(), "at %gx", load)
	}
}
