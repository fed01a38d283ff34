package collection

import "math"

// A tally is what some cells held: words as in [sample], and a count. The zero
// tally is the neutral element of merge.
type tally struct {
	count uint64
	sample
}

func (t tally) merge(o tally, float bool) tally {
	t.count += o.count
	if float {
		t.sum = math.Float64bits(math.Float64frombits(t.sum) + math.Float64frombits(o.sum))
	} else {
		t.sum += o.sum
	}
	t.low, t.high = max(t.low, o.low), max(t.high, o.high)
	return t
}

func decode[T Number](t tally) Bucket[T] {
	if t.count == 0 {
		return Bucket[T]{}
	}
	return Bucket[T]{
		Sum:   decodeSum[T](t.sum),
		Count: int64(t.count),
		Min:   decodeRank[T](^t.low),
		Max:   decodeRank[T](t.high),
	}
}
