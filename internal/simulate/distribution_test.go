package simulate_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/simulate"
)

// moments returns the mean and the squared coefficient of variation of a million draws,
// the least and the most.
func moments(d simulate.Distribution) (mean, cv2, least, most float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 1e6
	least = math.Inf(1)
	squares := 0.0
	for range int(n) {
		x := d(rng)
		mean += x / n
		squares += x * x / n
		least, most = min(least, x), max(most, x)
	}
	return mean, squares/(mean*mean) - 1, least, most
}

func TestServiceIsOneOnAverage(t *testing.T) {
	// Of a Pareto distribution with exponent a, cut at c times its minimum, the second
	// moment is 1 + 2(c^(2-a)-1)/(2-a), the mean 1 + (1-c^(1-a))/(a-1).
	second := 1 + 2*(math.Pow(200, 0.4)-1)/0.4
	first := 1 + (1-math.Pow(200, -0.6))/0.6
	for name, c := range map[string]struct {
		draw             simulate.Distribution
		cv2, least, most float64
	}{
		"constant":    {simulate.Constant, 0, 1, 1},
		"exponential": {simulate.Exponential, 1, 0, 30},
		"light":       {simulate.Light, 0.25, 0.5, 15},
		"bimodal":     {simulate.Bimodal, 2.25, 0.5, 5.5},
		"Pareto":      {simulate.Pareto, second/(first*first) - 1, 1 / first, 200 / first},
	} {
		mean, cv2, least, most := moments(c.draw)
		require.InDelta(t, 1, mean, 0.01, name)
		require.InDelta(t, c.cv2, cv2, 0.02*c.cv2+1e-9, name)
		require.GreaterOrEqual(t, least, c.least-1e-9, name)
		require.LessOrEqual(t, most, c.most+1e-9, name)
	}
}

func TestBimodalIsLongForOneInTen(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	long := 0
	for range 100_000 {
		if simulate.Bimodal(rng) == 5.5 {
			long++
		}
	}
	require.InDelta(t, 10_000, long, 400)
}
