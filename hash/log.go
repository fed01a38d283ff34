package hash

import (
	"math/bits"
	"sync"
)

// logOne is 1 in the fixed point of logarithms. The longest, 64, still fits.
const logOne = 1 << 57

// logSteps is into how many straight lines the logarithm between two powers of
// two is divided. With 256, a node's share is within 0.1 % of what its weight
// says, which is far less than the chance of the draws.
const logSteps = 256

type logTable [logSteps + 1]uint64

// logs is made on first use, since importing does nothing. It is made of integers
// alone: floating point would differ where a machine fuses two operations.
var logs = sync.OnceValue(func() *logTable {
	t := new(logTable)
	for i := range logSteps {
		t[i] = log2(1<<63 + uint64(i)<<55)
	}
	t[logSteps] = logOne
	return t
})

// log2 returns the logarithm of x/2^63, which is 1 to 2, bit by bit: a number's
// logarithm has one more digit when the number is squared.
func log2(x uint64) uint64 {
	var sum uint64
	for bit := uint64(logOne) >> 1; bit > 0; bit >>= 1 {
		hi, lo := bits.Mul64(x, x) // x*x is hi/2^62, 1 to 4
		if hi>>63 == 1 {
			sum += bit
			x = hi
		} else {
			x = hi<<1 | lo>>63
		}
	}
	return sum
}

// cost returns -log2(draw/2^64), from above 0 to 64. A higher draw never costs
// more. A draw of 0 costs as much as one of 1.
func (t *logTable) cost(draw uint64) uint64 {
	draw |= 1
	zeros := bits.LeadingZeros64(draw)
	x := draw << (zeros & 63)
	step := x >> 55 & (logSteps - 1) // the first digits after the leading 1
	rest, _ := bits.Mul64(t[step+1]-t[step], x<<9)
	return uint64(zeros+1)*logOne - t[step] - rest
}
