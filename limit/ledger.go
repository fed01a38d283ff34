package limit

import (
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/internal/stripe"
)

// A ledger is the memory of a limiter that shares it with nobody and has one
// bucket, as most have. All that is known of a key is then one number: when its
// bucket will be empty, the theoretical arrival time of the generic cell rate
// algorithm (ITU-T I.371). Whoever swaps it for a later one has been allowed. So a
// known key takes no lock, and a refusal writes nothing but a count.
//
// It decides as a [Memory] does, which is held against it in tests and in
// BenchmarkToken.
type ledger struct {
	rule
	seed   maphash.Seed
	epoch  time.Time
	end    uint64 // nanoseconds from an origin to the last unit there is
	shift  uint   // of a hash, to the number of its shard
	shards []ledgerShard

	refused [refusers]paddedCount
	told    atomic.Uint64 // the most allowed decisions that anybody was told of
}

// A paddedCount has a cache line to itself, for its neighbours are counted by
// other processors.
type paddedCount struct {
	atomic.Uint64
	_ [56]byte
}

const (
	refusers = 8

	// A word is what is kept of a key: units since the origin of its table, and in
	// the low bits how many decisions allowed, of which all but these are counted
	// elsewhere.
	countBits = 3
	countMask = 1<<countBits - 1
	maxUnit   = 1<<(64-countBits) - 2
	frozen    = 1<<64 - 1 // the key has moved to another table

	// Units from which on a table with a later origin takes over.
	far = 1 << 60
	// maxDrain keeps far at least half a year away.
	maxDrain = 64
)

// ledgerFits reports whether words have room for what the rule needs.
func ledgerFits(r rule) bool { return r.drain <= maxDrain && r.full <= far/2 }

func newLedger(r rule, maxKeys int) *ledger {
	n, shift := shardsFor(maxKeys)
	l := &ledger{rule: r, seed: maphash.MakeSeed(), epoch: time.Now(), end: maxUnit / r.drain, shift: shift}
	l.shards = make([]ledgerShard, n)
	for i := range l.shards {
		l.shards[i].most = maxKeys / n
		l.shards[i].table.Store(noKeys)
	}
	return l
}

// units returns what the clock shows to those who use t.
func (l *ledger) units(t *ledgerTable) uint64 {
	return l.between(t.origin, int64(time.Since(l.epoch)))
}

// between returns how many units run out, or as many as can be counted.
func (l *ledger) between(from, to int64) uint64 {
	return min(uint64(to-from), l.end) * l.drain
}

// one is take for one event now, as nearly all calls are.
func (l *ledger) one(key string) (answer, bool) {
	hash := l.hash(key)
	s := &l.shards[hash>>l.shift]
	t := s.table.Load()
	if w := t.find(hash, key); w != nil {
		word := w.Load()
		now := l.units(t)
		after := max(word>>countBits, now) + l.cost
		if units := after - now; units <= l.full && word != frozen && now < far && s.swap(w, word, after) {
			return answer{l.burst, l.room(units), 0, l.drained(units)}, true
		}
		if a, ok, settled := l.quickly(s, t, w, word, now, 1, 0); settled {
			return a, ok
		}
	}
	return l.takeLocked(s, hash, key, 1, 0)
}

// take is TakeTokens of a Store.
func (l *ledger) take(key string, n int, within int64) (answer, bool) {
	hash := l.hash(key)
	s := &l.shards[hash>>l.shift]
	t := s.table.Load()
	if w := t.find(hash, key); w != nil {
		word := w.Load()
		if a, ok, settled := l.quickly(s, t, w, word, l.units(t), n, within); settled {
			return a, ok
		}
	}
	return l.takeLocked(s, hash, key, n, within)
}

// quickly decides about n >= 0 events without the lock, at a time that was read after
// the word. It settles nothing if the key has moved, or the table has become old.
//
// A refusal must come from a clock that was read while the word was what it is, or it
// might be untrue. For a swap the clock may be older than the word: that only makes
// the bucket look fuller than it is.
func (l *ledger) quickly(s *ledgerShard, t *ledgerTable, w *atomic.Uint64, word, now uint64, n int, within int64) (a answer, ok, settled bool) {
	fresh := true
	for word != frozen && now < far {
		a, after, ok := l.decide(word>>countBits, now, n, within)
		switch {
		case ok && n > 0 && (fresh || a.wait == 0):
			if s.swap(w, word, after) {
				return a, true, true
			}
			word, fresh = w.Load(), false
		case !fresh:
			now, fresh = l.units(t), true
		default:
			if again := w.Load(); again != word {
				word, fresh = again, false
				continue
			}
			if !ok {
				l.count(n)
			}
			return a, ok, true
		}
	}
	return a, false, false
}

// decide tells what becomes of n events of a key whose bucket is empty from that
// unit on, and when it is empty after them.
func (l *ledger) decide(empty, now uint64, n int, within int64) (a answer, after uint64, ok bool) {
	units := max(empty, now) - now
	wait := l.wait(units, max(1, n))
	if sum := units + uint64(n)*l.cost; wait == 0 || accepted(wait, within) && now+sum <= maxUnit {
		return answer{l.burst, l.room(sum), wait, l.drained(sum)}, now + sum, true
	}
	return answer{l.burst, l.room(units), wait, l.drained(units)}, 0, false
}

// drained returns in how many nanoseconds so many units have run out.
func (l *ledger) drained(units uint64) int64 { return int64(ceilDiv(units, l.drain)) }

// swap takes in that a decision allowed. The bits that count are carried over when
// they are full.
func (s *ledgerShard) swap(w *atomic.Uint64, word, after uint64) bool {
	next := after<<countBits | (word+1)&countMask
	if !w.CompareAndSwap(word, next) {
		return false
	}
	if next&countMask == 0 {
		s.allowed.Add(countMask + 1)
	}
	return true
}

// count counts a refusal of n events.
func (l *ledger) count(n int) {
	if n > 0 {
		l.refused[stripe.Hint()%refusers].Add(1)
	}
}

// stats fills in what is known of the keys. Decisions that end meanwhile may be
// missing, for a moment even more than they; what was told stays true.
func (l *ledger) stats() (st TokenStats) {
	for i := range l.shards {
		l.shards[i].stats(&st)
	}
	for i := range l.refused {
		st.Refused += l.refused[i].Load()
	}
	for {
		told := l.told.Load()
		if told >= st.Allowed {
			st.Allowed = told
			return st
		}
		if l.told.CompareAndSwap(told, st.Allowed) {
			return st
		}
	}
}
