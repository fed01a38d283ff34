package load

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// missing is a cohort of which so many are out, since the time in filled.
func missing(c cohort, n float64, filled int64) cohort {
	c.n *= (c.admitted + n) / c.admitted
	c.admitted += n
	c.filled = filled
	return c
}

func TestMissingMembersCountAsLongAsTheyHaveBeenOut(t *testing.T) {
	c := missing(gathered(5, 1e6, 3e6), 2, 10e6)
	got := c.since(18e6)
	require.Equal(t, 4.0, got.count())
	require.Equal(t, (1e6+3e6+8e6+8e6)/4, got.mean())
	require.InDelta(t, (log2(1e6)+log2(3e6)+2*log2(8e6))/4, got.log(), 1e-9)
	require.Equal(t, 5.0, got.crowding())
}

func TestMissingMembersAreExpectedToTakeTwiceAsLongAsTheyHave(t *testing.T) {
	c := missing(gathered(5, 1e6, 3e6), 2, 10e6)
	got := c.censored(18e6, 0)
	require.Equal(t, 4.0, got.count())
	require.Equal(t, (1e6+3e6+16e6+16e6)/4, got.mean())
	require.InDelta(t, (log2(1e6)+log2(3e6)+2*log2(12e6))/4, got.log(), 1e-9)
	require.InDelta(t, 1e12+9e12+2*256e12, got.sq, 1)
	require.InDelta(t, square(log2(1e6))+square(log2(3e6))+2*square(log2(12e6)), got.lsq, 1e-6)
}

// log2 is the logarithm as tallies have it.
func log2(ns int64) float64 { return float64(logOf(ns)) / (1 << logPoint) }

func TestMissingMembersAreOfSomeAge(t *testing.T) {
	c := missing(gathered(5, 1e6), 1, 10e6)
	require.Equal(t, (1e6+2*4e6)/2, c.censored(12e6, 4e6).mean(), "the least age counts")
	require.Equal(t, (1e6+2*1)/2.0, c.censored(10e6, 0).mean(), "one ns at least")
	require.Equal(t, (1e6+1)/2.0, c.since(3e6).mean(), "though clocks are out of order")
	require.Equal(t, (1e6+2*1)/2.0, c.censored(3e6, -5).mean())
}

func TestCohortThatIsBackIsWhatItIs(t *testing.T) {
	c := gathered(3, 1e6, 2e6, 5e6)
	require.Equal(t, c, c.since(1e9))
	require.Equal(t, c, c.censored(1e9, 1e8))
	require.Equal(t, c, c.alive())
}

func TestThoseAliveAreThoseWhoAreBack(t *testing.T) {
	c := missing(gathered(7, 1e6, 3e6), 6, 10e6).alive()
	require.Equal(t, 2.0, c.admitted)
	require.Equal(t, 7.0, c.crowding(), "they met as many as all did")
	require.Equal(t, gathered(7, 1e6, 3e6).total, c.total)
}

func TestCohortIsBackWhenItIsCompleteAndEnoughHaveEnded(t *testing.T) {
	c := gathered(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	require.True(t, c.back(9, 1))
	require.False(t, c.back(10, 0), "one has not come yet")
	c = missing(c, 1, 0)
	require.True(t, c.back(10, .9))
	require.False(t, c.back(10, .91))
	require.False(t, (&cohort{}).back(1, 0))
}

func TestVarianceOfLogarithmsIsThatOfTheSample(t *testing.T) {
	ns := []int64{1e6, 2e6, 2e6, 9e6, 1e8}
	mean, sum := 0.0, 0.0
	for _, d := range ns {
		mean += log2(d) / float64(len(ns))
	}
	for _, d := range ns {
		sum += square((log2(d) - mean) * math.Ln2)
	}
	c := gathered(1, ns...)
	require.InDelta(t, sum/float64(len(ns)-1), c.logVar(), 1e-6)
	same := gathered(1, 5e6, 5e6, 5e6)
	require.InDelta(t, 0, same.logVar(), 1e-9)
}

func TestEachCohortHasANumberOfItsOwn(t *testing.T) {
	l := newLaw(3)
	seen := map[int]bool{l.cleanWant.id: true, l.crowdWant.id: true}
	for i := range 10 {
		l.gather(float64(i) + .1)
		l.refresh(float64(i) + .1)
		require.Equal(t, float64(i+1), l.crowdWant.size, "no part of a call")
		require.Equal(t, float64(i+1), l.cleanWant.size)
		for _, id := range []int{l.crowdWant.id, l.cleanWant.id} {
			require.False(t, seen[id])
			require.Greater(t, id, 2*i)
			seen[id] = true
		}
	}
}
