//go:build !race

// Nothing here happens at once, and under the race detector it would take minutes.

package bloom_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
)

// The keys are always the same, so that this passes always or never. A fair count of
// mistakes is within three deviations of the rate in all but one of a thousand cases.
func TestNoMoreMistakesThanAskedFor(t *testing.T) {
	const probes = 1_000_000
	for n, filters := range map[int]int{10: 200, 100: 100, 1000: 50, 10_000: 10, 100_000: 1, 1_000_000: 1} {
		for _, fpr := range []float64{0.1, 0.01, 0.001, 1e-4} {
			t.Run(name(n, fpr), func(t *testing.T) {
				measured := measure(n, fpr, filters, probes/filters)
				deviation := math.Sqrt(fpr * (1 - fpr) / probes)
				t.Logf("measured %.4g of %v, %.2f bits per key", measured, fpr, float64(bloom.NewLayout(n, fpr).Bits())/float64(n))
				require.LessOrEqual(t, measured, fpr+3*deviation)
				if n >= 100_000 {
					require.GreaterOrEqual(t, measured, 0.9*fpr-3*deviation, "larger than it needs to be")
				}
			})
		}
	}
}

func TestTinyAndHugeRatesAreKept(t *testing.T) {
	const n, probes = 20_000, 1_000_000
	for _, fpr := range []float64{1e-9, 1e-6, 1e-5, 0.3, 0.7, 0.95} {
		measured := measure(n, fpr, 1, probes)
		t.Logf("measured %.4g of %v", measured, fpr)
		require.LessOrEqual(t, measured, fpr+3*math.Sqrt(fpr*(1-fpr)/probes))
	}
}
