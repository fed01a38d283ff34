package breaker

import (
	"math"
	"math/rand/v2"
)

// dropRatio returns the probability, 0 to 1, with which a request is refused.
//
// It is client-side throttling as in Site Reliability Engineering, eq. 21.1:
// refuse as much as requests exceed K times what was accepted. As in go-zero, K
// falls while bucket after bucket only fails, and the ratio fades while bucket
// after bucket only works. Besides, the excess must be more than chance explains:
// if the dependency accepts one in K, the number it accepts of n has a standard
// deviation of sqrt(n*(K-1))/K, which is sqrt(n*(K-1)) on the scale used here.
func (o *Options) dropRatio(h history) float64 {
	sampled := h.accepted + h.failed
	total := sampled + h.refused
	w := max(o.MinK, o.K-(o.K-o.MinK)*float64(h.failing)/float64(o.Buckets))
	chance := o.Confidence * math.Sqrt(sampled*(o.K-1))
	ratio := (total - float64(o.Protection) - chance - w*h.accepted) / (total + 1)
	if ratio <= 0 || h.working >= o.Recovery {
		return 0
	}
	return ratio * float64(o.Recovery-h.working) / float64(o.Recovery)
}

// improbable reports whether a streak of failures is more than bad luck, given
// what the window h, which includes the streak, held before it.
func (o *Options) improbable(streak uint32, h history) bool {
	before := max(0, h.accepted+h.failed-float64(streak))
	failedBefore := max(0, h.failed-float64(streak))
	// The rule of succession, with the weight of twelve calls of which three
	// failed: who knows nothing yet needs ten failures to be sure.
	rate := (failedBefore + 3) / (before + 12)
	return float64(streak)*math.Log(rate) < math.Log(o.TripOdds/(before+1))
}

// A verdict is the drop ratio of an epoch, in one word: the epoch above, the
// ratio below, as a fraction of 2^32.
type verdict uint64

func newVerdict(epoch uint32, ratio float64) verdict {
	return verdict(tagged(epoch, uint32(min(ratio*(1<<32), 1<<32-1))))
}

func (v verdict) epoch() uint32  { return uint32(v >> 32) }
func (v verdict) refuses() bool  { return rand.Uint32() < uint32(v) }
func (v verdict) ratio() float64 { return float64(uint32(v)) / (1 << 32) }

// judge computes the verdict for the epoch, and makes it the one in force.
func (b *Breaker) judge(now int64, epoch uint32) verdict {
	v := newVerdict(epoch, b.opts.dropRatio(b.window.history(epoch)))
	b.verdict.Store(uint64(v))
	strained := b.strained.Load()
	switch {
	case v.ratio() > 0 && strained != epoch:
		b.strained.Store(epoch)
	case v.ratio() == 0 && strained != 0 && epoch-strained > uint32(b.opts.Buckets/10):
		b.strained.CompareAndSwap(strained, 0)
	default:
		return v
	}
	b.announce(now)
	return v
}

// current returns the verdict in force, a new one if that is of an older epoch.
func (b *Breaker) current(now int64) verdict {
	v := verdict(b.verdict.Load())
	if e := b.window.epoch(now); v.epoch() != e {
		return b.judge(now, e)
	}
	return v
}
