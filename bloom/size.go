package bloom

import (
	"errors"
	"math"
	"math/bits"
)

const (
	minFPR    = 1e-9
	maxBlocks = min(math.MaxInt/(blockBits/8), 1<<40)
)

var (
	errCapacity = errors.New("bloom: the number of keys must be positive")
	errFPR      = errors.New("bloom: the rate of false positives must be at least 1e-9 and below 1")
	errSize     = errors.New("bloom: so many keys at so low a rate need more memory than there can be")
)

// Validate returns why there can be no filter for n keys with so many false
// positives, nil if there can: for those who read the numbers at run time.
func Validate(n int, fpr float64) error {
	_, err := layoutOf(n, fpr)
	return err
}

func validate(n int, fpr float64) error {
	if n <= 0 {
		return errCapacity
	}
	if !(fpr >= minFPR && fpr < 1) { // NaN is neither
		return errFPR
	}
	return nil
}

// shapeFor returns how the bits of a key lie. Two words are as fast as it gets; down
// to one in a thousand they cost few bits more than four or eight would.
func shapeFor(fpr float64) shape {
	switch {
	case fpr > 0.0185:
		return shape{2, 2}
	case fpr > 0.0045:
		return shape{2, 3}
	case fpr >= 0.001:
		return shape{2, 4}
	case fpr > 3e-6:
		return shape{4, 3}
	}
	return shape{4, 4}
}

// A sizer works out how many blocks n keys need.
//
// Processes on different machines must come to the same number, so that their filters
// can be merged. Therefore it uses nothing but the operations that IEEE 754 rounds
// correctly, and no two of them may be fused into one: what a product is added to or
// taken from, it is converted first (mul), which the language says forbids it.
type sizer struct {
	shape
	n float64
	// What the share of a word's bits that are set is to the power of m, in the mean
	// after i keys of the block, is the sum over a of moment[a] * base[a]^i. Once for
	// m = each, the chance that a key finds its bits set, and for twice that.
	base        []float64
	one, square []float64
}

func mul(x, y float64) float64 { return float64(x * y) }

// share returns how likely a key uses a certain word of its block.
func (s shape) share() float64 { return float64(float64(s.words) / blockWords) }

func newSizer(s shape, n int) *sizer {
	z := &sizer{shape: s, n: float64(n), base: make([]float64, 2*s.each+1)}
	z.one, z.square = moment(s.each), moment(2*s.each)
	for a := range z.base {
		// The chance that a key leaves a certain bits alone: it goes to another word,
		// or misses them each time.
		missed := power(float64(64-a)/64, s.each)
		z.base[a] = 1 - mul(1-missed, s.share())
	}
	return z
}

// moment returns the coefficients of the m-th moment: m draws hit j different bits in
// as many ways as Stirling's numbers say, and all of those are set as the principle of
// inclusion and exclusion says.
func moment(m int) []float64 {
	c := make([]float64, m+1)
	stirling := make([]float64, m+1)
	stirling[0] = 1
	for range m {
		for j := m; j > 0; j-- {
			stirling[j] = stirling[j-1] + mul(float64(j), stirling[j])
		}
		stirling[0] = 0
	}
	ways := 1 / power(64, m)
	for j := 1; j <= m; j++ {
		ways = mul(ways, float64(65-j))
		binomial := 1.0
		for a := 0; a <= j; a++ {
			c[a] += mul(mul(ways, stirling[j]), binomial)
			binomial = -binomial * float64(j-a) / float64(a+1)
		}
	}
	return c
}

func power(x float64, n int) float64 {
	p := 1.0
	for ; n > 0; n /= 2 {
		if n%2 == 1 {
			p = mul(p, x)
		}
		x = mul(x, x)
	}
	return p
}

// blocks returns the least number that is enough, or up to a thousandth more.
func (z *sizer) blocks(fpr float64) uint64 {
	lo := uint64(z.n) / 2048
	if lo > 0 && z.enough(lo, fpr) {
		return lo
	}
	hi := max(1, lo)
	for ; !z.enough(hi, fpr); hi *= 2 {
		if lo = hi; hi > maxBlocks || bits.Len64(hi) > 60 {
			return math.MaxUint64
		}
	}
	for hi-lo > 1+hi>>10 {
		mid := lo + (hi-lo)/2
		if z.enough(mid, fpr) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// enough reports whether a filter of so many blocks, holding n keys, keeps the rate.
// Filters differ: where some blocks happen to have many keys, the rate is above the mean.
// Two deviations are added, so that it holds for 97 filters in a hundred; and 2 % at least,
// so that those who count mistakes find fewer than they were promised.
func (z *sizer) enough(blocks uint64, fpr float64) bool {
	mean, variance := z.rate(float64(blocks))
	return mean+max(mul(2, math.Sqrt(variance)), mul(0.02, fpr)) <= fpr
}

// rate returns the mean and the variance of what share of other keys a filter
// mistakes. The keys of a block are binomially distributed. That all blocks together
// have n of them makes the sum vary less than if they were independent: what goes
// linearly with a block's number cancels out.
func (z *sizer) rate(blocks float64) (mean, variance float64) {
	load := z.n / blocks
	spread := math.Sqrt(load)
	from := math.Floor(max(0, load-mul(9, spread)-8))
	to := min(z.n, math.Ceil(load+mul(10, spread)+24))
	if blocks == 1 {
		from, to = z.n, z.n
	}
	powers := make([]float64, len(z.base))
	for a := range powers {
		powers[a] = power(z.base[a], int(from))
	}
	var total, second, linear, square float64 // all weighted: of 1, rate^2, rate*d, d^2
	weight := 1.0
	for i := from; i <= to; i++ {
		r, r2 := z.block(powers)
		d := i - load
		total += weight
		mean += mul(weight, r)
		second += mul(weight, r2)
		linear += mul(weight, mul(r, d))
		square += mul(weight, mul(d, d))
		for a := range powers {
			powers[a] = mul(powers[a], z.base[a])
		}
		weight = mul(weight, (z.n-i)/(i+1)) / max(1, blocks-1)
	}
	mean /= total
	variance = second/total - mul(mean, mean)
	if square > 0 {
		variance -= mul(linear, linear) / mul(square, total)
	}
	return mean, max(0, variance) / blocks
}

// block returns the rate of a block, and its square, both in the mean, after as
// many keys as the powers say. Of a half or quarter a key asks one word: so much of the
// square is that of a word's, the rest that of two words, which hardly depend on each other.
func (z *sizer) block(powers []float64) (r, r2 float64) {
	var one, square float64
	for a, c := range z.one {
		one += mul(c, powers[a])
	}
	for a, c := range z.square {
		square += mul(c, powers[a])
	}
	one, square = max(0, one), max(0, square) // less than nothing by rounding only
	share := z.share()
	both := mul(share, square) + mul(1-share, mul(one, one))
	return power(one, z.words), power(both, z.words)
}
