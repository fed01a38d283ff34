package load

import "sync/atomic"

// tags mark the calls of a cohort: a number of calls that were admitted under one
// condition, and whose latencies are looked at together once they are back.
// Whatever ends first would be too short on average; a cohort is not.
type tags struct {
	open  atomic.Uint64 // number of the cohort, and above countShift how many are in it
	begun atomic.Int64  // when the first was admitted
	last  atomic.Int64  // when the latest was

	// By the parity of the number, so that a straggler of one cohort does not end up
	// in the books of the next.
	books [2]book
}

// A book has what came back of a cohort. The control keeps what was in it before.
type book struct {
	back    account
	squares float         // of the latencies, in ns²
	logs2   float         // of their logarithms
	crowd   atomic.Uint64 // calls in flight at each admission, added up
	lost    atomic.Uint64 // ended, but not well
}

const countUnit = 1 << 32

func cohortOf(word uint64) uint32 { return uint32(word) }
func countOf(word uint64) uint64  { return word >> 32 }

// join puts a call that met n others into the cohort if there is still room, and
// returns the number of the cohort, 0 if not. filled says that it was the last one.
func (t *tags) join(now, n int64, size uint64) (cohort uint32, filled bool) {
	for {
		word := t.open.Load()
		if countOf(word) >= size {
			return 0, false
		}
		if t.open.CompareAndSwap(word, word+countUnit) {
			if countOf(word) == 0 {
				t.begun.Store(now)
			}
			t.last.Store(now)
			cohort = cohortOf(word)
			t.books[cohort&1].crowd.Add(uint64(n))
			return cohort, countOf(word)+1 == size
		}
	}
}

// back counts that a call of a cohort has come back.
func (t *tags) back(cohort uint32, ns int64, log uint64) {
	if cohort != cohortOf(t.open.Load()) {
		return
	}
	b := &t.books[cohort&1]
	b.back.add(ns, log)
	b.squares.Add(float64(ns) * float64(ns))
	l := float64(log) / (1 << logPoint)
	b.logs2.Add(l * l)
}

// lose counts that a call of a cohort will not come back.
func (t *tags) lose(cohort uint32) {
	if cohort == cohortOf(t.open.Load()) {
		t.books[cohort&1].lost.Add(1)
	}
}
