package breaker

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func defaults(change func(*Options)) *Options {
	var o Options
	if change != nil {
		change(&o)
	}
	o = o.withDefaults()
	return &o
}

// book makes the options those of the formula in the book.
func book(k float64) *Options {
	return defaults(func(o *Options) { o.K, o.MinK, o.Protection, o.Confidence = k, k, -1, -1 })
}

func TestDropRatioIsTheFormulaOfTheBook(t *testing.T) {
	for _, c := range []struct {
		k                         float64
		accepted, failed, refused float64
		want                      float64
	}{
		{2, 0, 0, 0, 0},
		{2, 50, 50, 0, 0}, // one in K accepted: the edge
		{2, 40, 60, 0, 20.0 / 101},
		{2, 40, 30, 30, 20.0 / 101}, // refused ones are requests too
		{2, 0, 1, 0, 1.0 / 2},
		{2, 0, 100, 0, 100.0 / 101},
		// What failsafe-go asserts of its throttler, for nine in ten accepted.
		{1 / 0.9, 95, 5, 0, 0},
		{1 / 0.9, 90, 30, 0, 20.0 / 121},
		{1 / 0.9, 50, 150, 0, (200 - 50/0.9) / 201},
		{1 / 0.9, 10, 990, 0, (1000 - 10/0.9) / 1001},
		{1 / 0.9, 0, 100, 0, 100.0 / 101},
	} {
		h := history{accepted: c.accepted, failed: c.failed, refused: c.refused}
		require.InDelta(t, c.want, book(c.k).dropRatio(h), 1e-12, "%+v", c)
	}
}

// naiveRatio is the documentation of Breaker and Options, word for word.
func naiveRatio(o *Options, h history) float64 {
	k := o.K - (o.K-o.MinK)*float64(h.failing)/float64(o.Buckets)
	if k < o.MinK {
		k = o.MinK
	}
	total := h.accepted + h.failed + h.refused
	deviation := math.Sqrt((h.accepted + h.failed) * (1 / o.K) * (1 - 1/o.K)) // of what one in K makes
	ratio := (total - float64(o.Protection) - o.Confidence*deviation*o.K - k*h.accepted) / (total + 1)
	fade := 1 - float64(h.working)/float64(o.Recovery)
	return max(0, ratio) * max(0, fade)
}

func TestDropRatioAgreesWithItsDocumentation(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		o := defaults(func(o *Options) {
			o.MinK = 1 + rng.Float64()
			o.K = o.MinK + 2*rng.Float64()
			o.Protection = rng.IntN(40) - 1
			o.Confidence = 4*rng.Float64() - 1
			o.Recovery = rng.IntN(41)
		})
		scale := math.Pow(10, 6*rng.Float64())
		h := history{
			accepted: math.Floor(scale * rng.Float64()), failed: math.Floor(scale * rng.Float64()),
			refused: math.Floor(scale * rng.Float64()),
		}
		if rng.IntN(2) == 0 {
			h.failing = rng.IntN(41)
		} else {
			h.working = rng.IntN(41)
		}
		got := o.dropRatio(h)
		require.InDelta(t, naiveRatio(o, h), got, 1e-9, "%+v of %+v", h, o)
		require.True(t, 0 <= got && got < 1)
	}
}

func TestUpToProtectionNothingIsRefused(t *testing.T) {
	for _, protection := range []int{-1, 0, 1, 5, 100} {
		o := defaults(func(o *Options) { o.Protection, o.Confidence = protection, -1 })
		limit := max(0, protection)
		if protection == 0 {
			limit = 5
		}
		for n := range limit + 1 {
			require.Zero(t, o.dropRatio(history{failed: float64(n), failing: 40}))
			require.Zero(t, o.dropRatio(history{refused: float64(n)}))
		}
		require.InDelta(t, 1/float64(limit+2), o.dropRatio(history{failed: float64(limit + 1)}), 1e-12)
	}
}

func TestChanceIsNotRefused(t *testing.T) {
	o := defaults(nil)
	for _, n := range []float64{30, 100, 10_000} {
		mean, deviation := n/o.K, math.Sqrt(n*(o.K-1))/o.K
		bad := mean - 2.9*deviation
		require.Zero(t, o.dropRatio(history{accepted: bad, failed: n - bad}), "%v calls", n)
		worse := mean - 3.1*deviation - float64(o.Protection)/o.K
		require.Positive(t, o.dropRatio(history{accepted: worse, failed: n - worse}), "%v calls", n)
	}
}

func TestKFallsToMinKWhileBucketsOnlyFail(t *testing.T) {
	o := defaults(func(o *Options) { o.Protection, o.Confidence = -1, -1 })
	h := history{accepted: 100, failed: 40}
	require.Zero(t, o.dropRatio(h))
	last := 0.0
	for h.failing = range 41 {
		ratio := o.dropRatio(h)
		require.GreaterOrEqual(t, ratio, last)
		last = ratio
	}
	require.InDelta(t, (140-1.1*100)/141, last, 1e-12)
	h.failing = 1000
	require.Equal(t, last, o.dropRatio(h), "MinK is the floor")
}

func TestThrottlingFadesWhileBucketsOnlyWork(t *testing.T) {
	o := defaults(nil)
	h := history{accepted: 10, failed: 1000}
	full := o.dropRatio(h)
	for h.working = range 60 {
		want := full * max(0, float64(20-h.working)/20)
		require.InDelta(t, want, o.dropRatio(h), 1e-12)
	}
}

func TestSixFailingBucketsRefuseAlmostAll(t *testing.T) {
	// go-zero's TestGoogleBreakerMoreFallingBuckets: more than 90 of 100.
	w := newWindow(defaults(nil).Window, 40)
	for epoch := uint32(41); epoch < 47; epoch++ {
		for range 100 {
			w.add(failed, epoch)
		}
	}
	h := w.history(46)
	require.Equal(t, 6, h.failing)
	require.Greater(t, defaults(nil).dropRatio(h), 0.85)
	require.Greater(t, book(1.5).dropRatio(h), 0.9)
}

func TestVerdictRefusesWithItsRatio(t *testing.T) {
	for _, ratio := range []float64{0, 0.01, 0.25, 0.5, 0.99, 1, 1.5} {
		v := newVerdict(77, ratio)
		require.Equal(t, uint32(77), v.epoch())
		require.InDelta(t, min(1, ratio), v.ratio(), 1e-9)
		const draws = 100_000
		n := 0
		for range draws {
			if v.refuses() {
				n++
			}
		}
		require.InDelta(t, min(1, ratio), float64(n)/draws, 0.02)
		if ratio == 0 {
			require.Zero(t, n)
		}
	}
}
