package collection

import "math"

// Number is what a [RollingWindow] can sum up: every integer and every float,
// also those with a name of their own, such as [time.Duration].
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr |
		~float32 | ~float64
}

// A sample is one value, or nothing, as the words that cells can hold. All its
// words are made so that zeroed memory means "nothing yet".
type sample struct {
	sum  uint64 // two's complement, or the bits of a float64
	low  uint64 // inverted rank: the smaller the value, the larger the word
	high uint64 // rank: the larger the value, the larger the word
}

// encode turns v into words. A NaN has no rank, so that it spoils the sum, as it
// must, but hides no extreme.
func encode[T Number](v T) sample {
	if !isFloat[T]() {
		r := uint64(v) ^ signBit[T]()
		return sample{sum: uint64(v), low: ^r, high: r}
	}
	bits := math.Float64bits(float64(v))
	if v != v {
		return sample{sum: bits}
	}
	r := rankFloat(bits)
	return sample{sum: bits, low: ^r, high: r}
}

// decodeSum turns the sum of samples of T back into a T. An integer wraps as +
// does: the low bits of a 64-bit sum are the sum of the low bits.
func decodeSum[T Number](sum uint64) T {
	if isFloat[T]() {
		return T(math.Float64frombits(sum))
	}
	return T(sum)
}

// decodeRank turns the rank of a T back into it. The rank that no value has
// decodes to NaN, from both ends.
func decodeRank[T Number](r uint64) T {
	if isFloat[T]() {
		return T(math.Float64frombits(unrankFloat(r)))
	}
	return T(r ^ signBit[T]())
}

// rankFloat maps the bits of floats to words that compare as the floats do, with
// -0 below +0: the sign bit of a positive is set, a negative is inverted whole.
func rankFloat(bits uint64) uint64 {
	if bits>>63 == 0 {
		return bits | 1<<63
	}
	return ^bits
}

func unrankFloat(r uint64) uint64 {
	if r>>63 == 0 {
		return ^r
	}
	return r &^ (1 << 63)
}

// isFloat is a constant in each instantiation: half of one is zero in integers.
func isFloat[T Number]() bool { return T(1)/T(2) != 0 }

// signBit is what moves the range of a signed integer up to start at zero.
func signBit[T Number]() uint64 {
	var zero T
	if zero-1 < zero {
		return 1 << 63
	}
	return 0
}
