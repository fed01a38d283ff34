package load

import "sync/atomic"

// tags mark the calls of a cohort: a number of calls that were admitted under one
// condition, and whose latencies are looked at together once they are back.
// Whatever ends first would be too short on average; a cohort is not.
type tags struct {
	open atomic.Uint64 // the cohort, and above countShift how many calls are in it
	size atomic.Uint64 // how many there is room for
	last atomic.Int64  // when the latest was admitted

	// In turn, so that a straggler of one cohort does not end up in the books of the
	// next.
	books [2]book
	law   int         // the cohort, as the law numbers it; guarded by the control's mu
	base  bookReading // what was in the book before; guarded by the control's mu
}

// A book has what came back of a cohort, and of those before it that used it.
type book struct {
	back    account
	squares float         // of the latencies, in ns²
	logs2   float         // of their logarithms
	turns   atomic.Uint64 // calls before whom so many ended as they met
	crowd   atomic.Uint64 // calls in flight at each admission, added up
}

const (
	countShift = 32
	oneMore    = 1 << countShift
)

func cohortOf(word uint64) uint32      { return uint32(word) }
func countOf(word uint64) uint64       { return word >> countShift }
func (t *tags) of(cohort uint32) *book { return &t.books[cohort&1] }

// hasRoom reports whether the cohort is not complete yet.
func (t *tags) hasRoom() bool { return countOf(t.open.Load()) < t.size.Load() }

// join puts a call, the n-th in flight, into the cohort if there is still room, and
// returns the cohort, 0 if not. filled says that it was the last one.
func (t *tags) join(now, n int64) (cohort uint32, filled bool) {
	for {
		word, size := t.open.Load(), t.size.Load()
		if countOf(word) >= size {
			return 0, false
		}
		if t.open.CompareAndSwap(word, word+oneMore) {
			t.last.Store(now)
			cohort = cohortOf(word)
			t.of(cohort).crowd.Add(uint64(max(0, n)))
			return cohort, countOf(word)+1 == size
		}
	}
}

// back counts that a call has come back, if it is of this cohort; inTurn says that as
// many had ended meanwhile as it met, itself included. A call that is stopped between
// the look and the count until the next cohort but one is open counts there.
func (t *tags) back(cohort uint32, ns int64, log uint64, inTurn bool) {
	if cohort != cohortOf(t.open.Load()) {
		return
	}
	b := t.of(cohort)
	if inTurn {
		b.turns.Add(1)
	}
	b.back.add(ns, log)
	b.squares.Add(float64(ns) * float64(ns))
	l := float64(log) / (1 << logPoint)
	b.logs2.Add(l * l)
}

// lose gives the place of a call to another one, if it is of this cohort: it has ended,
// but nobody knows what was done.
func (t *tags) lose(cohort uint32) {
	for {
		word := t.open.Load()
		if cohort != cohortOf(word) || t.open.CompareAndSwap(word, word-oneMore) {
			return
		}
	}
}

// gather opens a cohort if it is another than the one that is open. The caller holds
// the control's mu.
func (t *tags) gather(w want) {
	if w.id == t.law {
		return
	}
	t.law = w.id
	t.size.Store(0) // nobody joins meanwhile
	turn := cohortOf(t.open.Load())&1 ^ 1
	next := uint32(w.id)<<1 | turn
	t.open.Store(uint64(next))
	t.base = t.of(next).read()
	t.size.Store(uint64(w.size))
}

// soFar returns what is known of the cohort. The caller holds the control's mu.
func (t *tags) soFar() cohort {
	word := t.open.Load()
	b := t.of(cohortOf(word)).read()
	back := b.back.since(t.base.back)
	return cohort{
		total: back, sq: b.squares - t.base.squares, lsq: b.logs2 - t.base.logs2,
		n: float64(b.crowd - t.base.crowd), admitted: float64(countOf(word)), filled: t.last.Load(),
		returned: back.count(), turns: float64(b.turns - t.base.turns),
	}
}

// A bookReading is what a book said at a moment.
type bookReading struct {
	back           total
	squares, logs2 float64
	crowd, turns   uint64
}

func (b *book) read() bookReading {
	return bookReading{b.back.read(), b.squares.Load(), b.logs2.Load(), b.crowd.Load(), b.turns.Load()}
}
