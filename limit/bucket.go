package limit

import (
	"math"
	"math/bits"
)

// A Bucket is a rate, and how many events may come at once: it holds Burst
// tokens when full, each event takes one, and they come back at Rate, evenly. So
// from when it is made, and in any span of time t, it lets through no more than
// Burst + Rate*t events, and no less if they come.
type Bucket struct {
	Rate  Rate
	Burst int // at least 1
}

// Validate returns what makes the bucket impossible, nil if nothing does: a
// number below 1, or a burst that takes more than 146 years to come back.
func (b Bucket) Validate() error {
	_, err := b.rule()
	return err
}

// A rule is a bucket in integers, seen as one that leaks (the generic cell rate
// algorithm of ITU-T I.371): an event pours cost units into it, it holds full
// units, and drain units run out in each nanosecond. With cost/drain = Per/Events
// all is exact; nothing is ever rounded but the answers.
type rule struct {
	cost, drain uint64
	full        uint64 // burst * cost, at most maxFull
	burst       int
}

const (
	maxFull  = 1 << 62   // units
	maxUnits = 1<<63 - 1 // units: what a level holds if more was reserved than fits

	never  = -1            // a wait
	tooFar = math.MaxInt64 // a wait: longer than 73 years, the future is full
)

// rule returns the bucket as a rule. Where the exact numbers are too large, the
// cost is rounded up, as little as possible: by less than one part in a thousand
// million for bursts up to two thousand million.
func (b Bucket) rule() (rule, error) {
	if b.Rate.Events < 1 || b.Rate.Per < 1 {
		return rule{}, errRate
	}
	if b.Burst < 1 {
		return rule{}, errBurst
	}
	cost, drain, burst := uint64(b.Rate.Per), uint64(b.Rate.Events), uint64(b.Burst)
	d := gcd(cost, drain)
	cost, drain = cost/d, drain/d
	if hi, full := bits.Mul64(burst, cost); hi == 0 && full <= maxFull {
		return rule{cost, drain, full, b.Burst}, nil
	}
	return b.rounded(cost, drain)
}

// rounded returns the rule with the largest drain, hence the least rounding, for
// which a full bucket fits.
func (b Bucket) rounded(cost, drain uint64) (rule, error) {
	burst := uint64(b.Burst)
	most := maxFull / burst // units that an event may cost
	hi, lo := bits.Mul64(most, drain)
	slower, _ := bits.Div64(hi, lo, cost) // most < cost, or it would have been exact
	if slower == 0 {
		return rule{}, errFill
	}
	hi, lo = bits.Mul64(slower, cost)
	dearer, rest := bits.Div64(hi, lo, drain)
	if rest > 0 {
		dearer++
	}
	return rule{dearer, slower, burst * dearer, b.Burst}, nil
}

// later returns a + b, or the end of time.
func later(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// ceilDiv needs b > 0.
func ceilDiv(a, b uint64) uint64 {
	if b == 1 {
		return a
	}
	q := a / b
	if q*b != a {
		q++
	}
	return q
}

// room returns how many events fit above so many units.
func (r *rule) room(units uint64) int {
	if units >= r.full {
		return 0
	}
	return int((r.full - units) / r.cost)
}

// wait returns in how many nanoseconds n events, at least 0, fit above so many
// units: never if they are too many, tooFar if the sum cannot be counted.
func (r *rule) wait(units uint64, n int) int64 {
	if n > r.burst {
		return never
	}
	sum := units + uint64(n)*r.cost // both at most maxUnits
	switch {
	case sum <= r.full:
		return 0
	case sum > maxUnits:
		return tooFar
	}
	return int64(ceilDiv(sum-r.full, r.drain))
}

// A level is how full a bucket was, and when. The zero level is an empty one.
type level struct {
	at    int64  // nanoseconds since the epoch of the store; never goes back
	units uint64 // at most maxUnits
	cost  uint64 // how many units were an event then
}

// under returns how many units are left now. Another rule's are counted as so
// many events, rounded up.
func (l *level) under(r *rule, now int64) uint64 {
	units := l.units
	if l.cost != r.cost {
		units = convert(units, l.cost, r.cost)
	}
	hi, gone := bits.Mul64(uint64(max(0, now-l.at)), r.drain)
	if hi != 0 || gone >= units {
		return 0
	}
	return units - gone
}

func convert(units, from, to uint64) uint64 {
	if units == 0 {
		return 0
	}
	hi, lo := bits.Mul64(units, to)
	if hi >= from {
		return maxUnits
	}
	q, rest := bits.Div64(hi, lo, from)
	if rest > 0 {
		q++
	}
	return min(q, maxUnits)
}

// lag returns how far the level is ahead of a clock that was read before another
// call wrote it.
func (l *level) lag(now int64) int64 { return max(0, l.at-now) }

func (l *level) set(r *rule, now int64, units uint64) {
	*l = level{max(now, l.at), units, r.cost}
}

// pour adds n events to the units that there are now, and returns the sum. With
// n = 0 nothing is written: what others see, whose rules may differ, must not be
// rounded.
func (l *level) pour(r *rule, now int64, units uint64, n int) uint64 {
	if n > 0 {
		units += uint64(n) * r.cost
		l.set(r, now, units)
	}
	return units
}

// empty returns in how many nanoseconds so many units have run out.
func (l *level) empty(r *rule, now int64, units uint64) int64 {
	if units == 0 {
		return 0
	}
	return later(int64(ceilDiv(units, r.drain)), l.lag(now))
}

// overtaken reports whether somebody has a place after that of events which were to
// happen after so many nanoseconds. What is above a full bucket belongs to the
// future.
func (r *rule) overtaken(units uint64, after int64) bool {
	hi, ours := bits.Mul64(uint64(max(0, after)), r.drain)
	return hi == 0 && units > r.full && units-r.full > ours
}

// without returns units less those of n events that were to happen after so many
// nanoseconds, and will not. What ran out since the events were due does not come
// back; without them it might not have run out.
func (r *rule) without(units, n uint64, after int64) uint64 {
	hi, back := bits.Mul64(n, r.cost)
	if hi != 0 {
		return 0
	}
	hi, gone := bits.Mul64(uint64(max(0, -after)), r.drain)
	if hi != 0 || gone >= back {
		return units
	}
	return units - min(units, back-gone)
}

const maxBuckets = 16

// rulesOf appends the rules of the buckets to dst.
func rulesOf(dst []rule, buckets []Bucket) ([]rule, error) {
	if len(buckets) < 1 || len(buckets) > maxBuckets {
		return nil, errBuckets
	}
	for _, b := range buckets {
		r, err := b.rule()
		if err != nil {
			return nil, err
		}
		dst = append(dst, r)
	}
	return dst, nil
}
