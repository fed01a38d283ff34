package weirredis

import (
	"math/bits"
	"time"
)

// maxMicros is the longest span that the scripts reckon with, 152 years; with the
// time of day in 2100 it is below 2^53.
const maxMicros = 4_800_000_000_000_000

// A span is so many microseconds and, for exactness, r/e of another one; whoever
// uses it knows e.
type span struct {
	q, r uint64
}

func (a span) plus(b span, e uint64) span {
	s := span{a.q + b.q, a.r + b.r}
	if s.r >= e {
		return span{s.q + 1, s.r - e}
	}
	return s
}

// minus returns a-b, nothing if that is negative.
func (a span) minus(b span, e uint64) span {
	if !b.less(a) {
		return span{}
	}
	if a.r < b.r {
		return span{a.q - b.q - 1, a.r + e - b.r}
	}
	return span{a.q - b.q, a.r - b.r}
}

func (a span) less(b span) bool { return a.q < b.q || a.q == b.q && a.r < b.r }

// micros rounds up.
func (a span) micros() uint64 {
	if a.r > 0 {
		return a.q + 1
	}
	return a.q
}

// duration needs at most maxMicros.
func duration(micros uint64) time.Duration { return time.Duration(micros) * time.Microsecond }

// A rate is p/e microseconds per event, in lowest terms.
type rate struct {
	p, e uint64
}

const maxE = 1 << 52 // two fractions of it add up to less than 2^53

// rateOf needs positive numbers. Above 2^52 events per span, where the numbers
// may get too large, it is rounded: never faster.
func rateOf(events int, per time.Duration) rate {
	p, n := uint64(per), uint64(events)
	d := gcd(p, n)
	p, n = p/d, n/d
	d = gcd(p, 1000)
	hi, e := bits.Mul64(n, 1000/d)
	p /= d
	for hi > 0 || e > maxE {
		e = hi<<63 | e>>1
		hi >>= 1
		p = (p + 1) / 2
	}
	return rate{p, e}
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// of returns how long n events take, and whether that is at most maxMicros.
func (r rate) of(n uint64) (span, bool) {
	hi, lo := bits.Mul64(n, r.p)
	if hi >= r.e {
		return span{}, false
	}
	q, rest := bits.Div64(hi, lo, r.e)
	return span{q, rest}, q < maxMicros
}

// events returns how many events s is, rounded down, at most so many.
func (r rate) events(s span, most int) int {
	hi, lo := bits.Mul64(s.q, r.e)
	lo, carry := bits.Add64(lo, s.r, 0)
	hi += carry
	if hi >= r.p {
		return most
	}
	n, _ := bits.Div64(hi, lo, r.p)
	return int(min(n, uint64(most)))
}
