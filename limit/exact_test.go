package limit_test

import (
	"math/big"
	"time"

	"github.com/weirgo/weir/limit"
)

// An exactBucket is the model of a bucket, in rational numbers.
type exactBucket struct {
	limit.Bucket
	at    time.Time
	level *big.Rat // events
}

func newExactBucket(b limit.Bucket) *exactBucket {
	return &exactBucket{Bucket: b, at: time.Now(), level: new(big.Rat)}
}

func (b *exactBucket) perNano() *big.Rat { return big.NewRat(int64(b.Rate.Events), int64(b.Rate.Per)) }

func events(n int) *big.Rat { return new(big.Rat).SetInt64(int64(n)) }

// now lets drain what drains.
func (b *exactBucket) now() {
	gone := new(big.Rat).Mul(b.perNano(), new(big.Rat).SetInt64(int64(time.Since(b.at))))
	b.level.Sub(b.level, gone)
	if b.level.Sign() < 0 {
		b.level.SetInt64(0)
	}
	b.at = time.Now()
}

// nanos returns how long so many events take to drain, rounded up.
func (b *exactBucket) nanos(level *big.Rat) time.Duration {
	span := new(big.Rat).Quo(level, b.perNano())
	q, rest := new(big.Int).QuoRem(span.Num(), span.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return time.Duration(q.Int64())
}

// wait returns how long n events have to wait.
func (b *exactBucket) wait(n int) time.Duration {
	if n > b.Burst {
		return -1
	}
	over := new(big.Rat).Sub(new(big.Rat).Add(b.level, events(n)), events(b.Burst))
	if over.Sign() <= 0 {
		return 0
	}
	return b.nanos(over)
}

func (b *exactBucket) remaining() int {
	room := new(big.Rat).Sub(events(b.Burst), b.level)
	if room.Sign() <= 0 {
		return 0
	}
	return int(new(big.Int).Quo(room.Num(), room.Denom()).Int64())
}

// overtaken reports whether there are places later than after that long.
func (b *exactBucket) overtaken(after time.Duration) bool {
	future := new(big.Rat).Sub(b.level, events(b.Burst))
	ours := new(big.Rat).Mul(b.perNano(), new(big.Rat).SetInt64(int64(max(0, after))))
	return future.Sign() > 0 && future.Cmp(ours) > 0
}

// giveBack undoes n events that were to happen after that long.
func (b *exactBucket) giveBack(n int, after time.Duration) {
	gone := new(big.Rat).Mul(b.perNano(), new(big.Rat).SetInt64(int64(max(0, -after))))
	if back := new(big.Rat).Sub(events(n), gone); back.Sign() > 0 {
		b.level.Sub(b.level, back)
	}
	if b.level.Sign() < 0 {
		b.level.SetInt64(0)
	}
}

// An exactKey is the model of a key with several buckets.
type exactKey []*exactBucket

func newExactKey(buckets []limit.Bucket) (k exactKey) {
	for _, b := range buckets {
		k = append(k, newExactBucket(b))
	}
	return k
}

func (k exactKey) take(n int, within time.Duration) limit.Taken {
	t := limit.Taken{OK: true, Remaining: -1}
	overtaken := false
	for _, b := range k {
		b.now()
		overtaken = overtaken || b.overtaken(within)
	}
	for _, b := range k {
		wait := b.wait(max(1, n))
		if n < 0 {
			wait = 0
			if !overtaken {
				b.giveBack(-n, within)
			}
		}
		if wait < 0 || t.Wait < 0 {
			t.Wait = -1
		} else {
			t.Wait = max(t.Wait, wait)
		}
	}
	t.OK = t.Wait == 0 || t.Wait > 0 && t.Wait <= within
	for _, b := range k {
		if t.OK && n > 0 {
			b.level.Add(b.level, events(n))
		}
		if r := b.remaining(); t.Remaining < 0 || r < t.Remaining {
			t.Remaining, t.Limit = r, b.Burst
		}
		t.Reset = max(t.Reset, b.nanos(b.level))
	}
	return t
}
