package load

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// drive lets n completions come at a rate, in windows of four, and returns what was said
// of the rate after each.
func drive(s *speed, random *rand.Rand, n int, rate float64) (said []float64) {
	for range n / 4 {
		busy := 0.0
		for range 4 {
			busy += random.ExpFloat64() / rate
		}
		said = append(said, s.learn(4, busy, 1))
	}
	return said
}

func meanSquare(said []float64, rate float64) (sum float64) {
	for _, c := range said {
		sum += square(math.Log(c / rate))
	}
	return sum / float64(len(said))
}

// While nothing changes, it is known better than the shortest memory would allow.
func TestSteadySpeedIsKnownWell(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	var s speed
	s.set(1e-6)
	drive(&s, random, 400, 1e-6)
	off := meanSquare(drive(&s, random, 40_000, 1e-6), 1e-6)
	require.Less(t, math.Sqrt(off), 0.75*math.Sqrt(1/(2*memoryFast)))
}

// A change by a factor of three is followed about as soon as the shortest memory can.
func TestSpeedThatChangesIsFollowedSoon(t *testing.T) {
	for _, factor := range []float64{1. / 3, 3} {
		sum := 0.0
		for seed := range uint64(200) {
			random := rand.New(rand.NewPCG(seed, 0))
			var s speed
			s.set(1e-6)
			drive(&s, random, 400, 1e-6)
			said := drive(&s, random, 24, factor*1e-6)
			sum += math.Log(said[len(said)-1]/(factor*1e-6)) / math.Log(factor)
		}
		require.InDelta(t, 0, sum/200, 0.3, "after 24 completions, %gx", factor)
	}
}

func TestRegularCompletionsSaySoSooner(t *testing.T) {
	after := func(variance float64) float64 {
		var s speed
		s.set(1e-6)
		return s.learn(4, 12e6, variance)
	}
	require.Less(t, after(.3), after(1))
}

func TestCompletionsOfManyWorkersComeAtRandom(t *testing.T) {
	require.Equal(t, leastVariance, knows(1, .1).regularity())
	require.Equal(t, .5, knows(1, .5).regularity())
	require.InDelta(t, .95, knows(10, .5).regularity(), 1e-9)
	require.Equal(t, 1.0, knows(1, 6).regularity())
	l := knows(1, .5)
	l.workers = 0
	require.Equal(t, .5, l.regularity(), "no number of workers yet")
}

func TestSpeedThatIsSetOrMultipliedHasForgottenTheRest(t *testing.T) {
	var s speed
	s.set(2e-6)
	s.multiply(2)
	require.InEpsilon(t, 4e-6, s.learn(1, 1/4e-6, 1), 1e-9)
}
