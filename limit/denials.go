package limit

import (
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/internal/stripe"
)

// A denial remembers a key that was refused an event, and until when every
// further one will be. So the calls that a limit is there to refuse, and which come
// in floods, take no lock from those that it allows.
//
// It is written under the lock of the key's shard, and read without. Who reads one
// word before and the other after a change sees a hash that is not the key's but
// for one case in 2^63, which is also how likely it is that two keys share one.
type denial struct {
	sum   atomic.Uint64 // the key's hash ^ until; equal to until: nothing is here
	until atomic.Uint64 // twice the time, plus 1 if all is back a nanosecond later than usual
}

const (
	minDenials = 4
	maxDenials = 256 // of a shard
	// worthwhile is for how long a key must be refused to be remembered.
	worthwhile = 2 * time.Microsecond
)

func (r *denial) load() (hash, until uint64) {
	until = r.until.Load()
	return r.sum.Load() ^ until, until
}

func (r *denial) store(hash, until uint64) {
	r.until.Store(until)
	r.sum.Store(hash ^ until)
}

// denialOf returns where the key with that hash would be remembered; nil if none
// of the shard ever was.
func (t *table[S]) denialOf(hash uint64) *denial {
	all := t.denials.Load()
	if all == nil {
		return nil
	}
	return &(*all)[hash&uint64(len(*all)-1)]
}

// usual is how long after it may do one event again a key has all of them.
func (r *rule) usual() int64 { return int64((r.full - r.cost) / r.drain) }

// note keeps what is remembered of a key true after a decision other than that n
// events may happen now. Precondition: mu is held.
func (t *table[S]) note(hash uint64, n int, r *rule, now int64, a answer, ok bool) {
	switch {
	case !ok && n == 1:
		t.remember(hash, r, now, a)
	case ok: // it has given something back, or taken a place that others wait behind
		t.forget(hash)
	}
}

// remember notes what a refused call was answered. Precondition: mu is held.
func (t *table[S]) remember(hash uint64, r *rule, now int64, a answer) {
	late := a.reset - a.wait - r.usual()
	if a.wait < int64(worthwhile) || late&^1 != 0 || now > tooFar/2-a.wait {
		return
	}
	for {
		if t.denials.Load() == nil {
			t.growDenials(minDenials)
		}
		at := t.denialOf(hash)
		other, until := at.load()
		if other == hash || other == 0 || int64(until/2) <= now {
			at.store(hash, uint64(2*(now+a.wait)+late))
			return
		}
		n := 2 * len(*t.denials.Load())
		if n > maxDenials {
			return // those who were there first stay
		}
		t.growDenials(n)
	}
}

// growDenials makes room for n, and keeps those there are.
func (t *table[S]) growDenials(n int) {
	all := make([]denial, n)
	if old := t.denials.Load(); old != nil {
		for i := range *old {
			if hash, until := (*old)[i].load(); hash != 0 {
				all[hash&uint64(n-1)].store(hash, until)
			}
		}
	}
	t.denials.Store(&all)
}

// forget drops what is remembered of a key. Precondition: mu is held.
func (t *table[S]) forget(hash uint64) {
	if r := t.denialOf(hash); r != nil {
		if other, _ := r.load(); other == hash {
			r.store(0, 0)
		}
	}
}

// quickly refuses an event of a key that is known to be refused now.
func (v *view) quickly(hash uint64, r *rule) (a answer, refused bool) {
	t, _ := v.mem.tokens.of(hash)
	known, until := t.denialOf(hash).load()
	if known != hash {
		return a, false
	}
	wait := int64(until/2) - int64(time.Since(v.mem.epoch))
	if wait <= 0 {
		return a, false
	}
	v.flood[stripe.Hint()%floods].refused.Add(1)
	return answer{limit: r.burst, wait: wait, reset: wait + r.usual() + int64(until&1)}, true
}

// A flood counts refusals that took no lock.
type flood struct {
	refused atomic.Uint64
	_       [56]byte // to a cache line
}

const floods = 8
