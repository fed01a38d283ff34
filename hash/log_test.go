package hash_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/hash"
)

func TestLogarithmAtItsEdges(t *testing.T) {
	for draw, want := range map[uint64]uint64{
		0:              64 * hash.LogOne, // as 1, since the logarithm of 0 is none
		1:              64 * hash.LogOne,
		3:              63*hash.LogOne - 84301980808752399, // log2(1.5)
		1 << 62:        2 * hash.LogOne,
		1 << 63:        hash.LogOne,
		3 << 62:        hash.LogOne - 84301980808752399,
		math.MaxUint64: 1, // never 0: a cost of nothing would be as cheap for every weight
	} {
		require.Equal(t, want, hash.Cost(draw), "of %d", draw)
	}
}

func TestLogarithmIsThatOfFloatingPoint(t *testing.T) {
	random := seeded(1)
	for range 100_000 {
		draw := random.Uint64()>>random.IntN(63) | 1
		want := 64 - math.Log2(float64(draw))
		require.InDelta(t, want, float64(hash.Cost(draw))/hash.LogOne, 3e-6, "of %d", draw)
	}
}

func TestHigherDrawNeverCostsMore(t *testing.T) {
	random := seeded(2)
	for range 100_000 {
		draw := random.Uint64()>>random.IntN(63) | 3
		require.LessOrEqual(t, hash.Cost(draw), hash.Cost(draw-1))
	}
	for shift := range 64 { // where one straight line ends and the next begins
		for step := range uint64(256) {
			draw := max(1<<63+step<<55, 1) >> shift
			if draw > 1 {
				require.LessOrEqual(t, hash.Cost(draw), hash.Cost(draw-1))
			}
		}
	}
}

// shareOf returns how often, in theory, the first of two nodes wins a slot, with
// the logarithm as it is: over all its draws, the chance that the other's costs more.
func shareOf(weight, other int) float64 {
	const steps = 20_000
	won := 0.0
	for i := range steps {
		cost := hash.Cost(uint64((float64(i) + 0.5) / steps * (1 << 63) * 2))
		limit := new(big.Int).Mul(new(big.Int).SetUint64(cost), big.NewInt(int64(other)))
		limit.Div(limit, big.NewInt(int64(weight)))
		low, high := uint64(0), uint64(math.MaxUint64)
		for high-low > 1<<20 {
			if middle := low + (high-low)/2; new(big.Int).SetUint64(hash.Cost(middle)).Cmp(limit) > 0 {
				low = middle
			} else {
				high = middle
			}
		}
		won += float64(low) / (1 << 63) / 2
	}
	return won / steps
}

func TestLogarithmIsFineEnoughForWeights(t *testing.T) {
	for _, weights := range [][2]int{{1, 1}, {1, 2}, {3, 7}, {1, 30}, {1, 300}} {
		want := float64(weights[0]) / float64(weights[0]+weights[1])
		require.InEpsilon(t, want, shareOf(weights[0], weights[1]), 0.001, "%v", weights)
	}
}
