package weirredis_test

import (
	"math/big"
	"time"

	"github.com/weirgo/weir/limit"
)

// tokenModel is what limit.Store says of tokens, in rational numbers: leaky
// buckets whose levels are events. Its clock ticks in microseconds and never goes
// back; what the server's clock is behind by counts as waiting.
type tokenModel struct {
	at     int64 // of the last write
	levels []*big.Rat
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// perMicro returns events per microsecond.
func perMicro(r limit.Rate) *big.Rat {
	return new(big.Rat).Mul(big.NewRat(int64(r.Events), int64(r.Per)), rat(1000))
}

// micros returns how long events take, rounded up.
func micros(events *big.Rat, r limit.Rate) int64 {
	q := new(big.Rat).Quo(events, perMicro(r))
	n := new(big.Int).Add(q.Num(), new(big.Int).Sub(q.Denom(), big.NewInt(1)))
	return n.Quo(n, q.Denom()).Int64()
}

func floor(x *big.Rat) int { return int(new(big.Int).Quo(x.Num(), x.Denom()).Int64()) }

func (m *tokenModel) now(clock int64, buckets []limit.Bucket) (now int64, levels []*big.Rat) {
	now = max(clock, m.at)
	for i, b := range buckets {
		l := new(big.Rat)
		if i < len(m.levels) {
			drained := new(big.Rat).Mul(perMicro(b.Rate), rat(now-m.at))
			l.Sub(m.levels[i], drained)
		}
		if l.Sign() < 0 {
			l.SetInt64(0)
		}
		levels = append(levels, l)
	}
	return now, levels
}

func (m *tokenModel) take(clock int64, n int, within time.Duration, buckets []limit.Bucket) limit.Taken {
	now, levels := m.now(clock, buckets)
	skew := now - clock
	ahead := max(0, within.Microseconds()-skew)
	var t limit.Taken
	var wait int64
	empty := true
	switch {
	case n < 0:
		t.OK = true
		if overtaken(levels, ahead, buckets) {
			break
		}
		for _, l := range levels {
			if l.Sub(l, rat(int64(-n))); l.Sign() < 0 {
				l.SetInt64(0)
			}
			empty = empty && l.Sign() == 0
		}
		m.at, m.levels = now, levels
		if empty { // nothing has happened, hence nothing is kept
			*m = tokenModel{}
		}
	default:
		for i, b := range buckets {
			over := new(big.Rat).Add(levels[i], rat(int64(max(1, n))-int64(b.Burst)))
			if n > b.Burst {
				wait = -1
			}
			if over.Sign() > 0 && wait >= 0 {
				wait = max(wait, skew+micros(over, b.Rate))
			}
		}
		t.OK = wait >= 0 && wait <= max(0, within.Microseconds())
		t.Wait = time.Duration(wait) * time.Microsecond
		if wait < 0 {
			t.Wait = -1
		}
		if t.OK && n > 0 {
			for _, l := range levels {
				l.Add(l, rat(int64(n)))
			}
			m.at, m.levels = now, levels
		}
	}
	for i, b := range buckets {
		left := max(0, floor(new(big.Rat).Sub(rat(int64(b.Burst)), levels[i])))
		if i == 0 || left < t.Remaining {
			t.Limit, t.Remaining = b.Burst, left
		}
		if levels[i].Sign() > 0 {
			reset := time.Duration(skew+micros(levels[i], b.Rate)) * time.Microsecond
			t.Reset = max(t.Reset, reset)
		}
	}
	return t
}

// overtaken reports whether others were promised events for a later time: then
// nothing can be given back.
func overtaken(levels []*big.Rat, ahead int64, buckets []limit.Bucket) bool {
	for i, b := range buckets {
		most := new(big.Rat).Mul(perMicro(b.Rate), rat(ahead))
		if levels[i].Cmp(most.Add(most, rat(int64(b.Burst)))) > 0 {
			return true
		}
	}
	return false
}
