package limit

import (
	"time"
	"unsafe"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/stripe"
)

// SlotSize is what a permit costs in memory, in bytes.
const SlotSize = unsafe.Sizeof(slot{})

// Search is one search for a free permit. Allow searches more than once before
// it refuses, and would hide it if a search failed to find what is there.
func (l *Concurrency) Search() (weir.Permit, bool) { return l.slots.take(stripe.Hint()) }

// RuleOf returns how many units an event costs, and how many drain per nanosecond.
func RuleOf(b Bucket) (cost, drain uint64, err error) {
	r, err := b.rule()
	return r.cost, r.drain, err
}

// TakeWindowAt is TakeWindow when the clock on the wall shows now, in nanoseconds
// since 1970.
func (m *Memory) TakeWindowAt(now int64, key string, n int, w Window) Taken {
	m.init()
	v := view{mem: m}
	return v.takeWindow(key, n, &w, w.span(time.Unix(0, now)), now)
}

// CellSize is what a key costs in memory besides its text, in bytes, in a table
// without empty places.
const CellSize = unsafe.Sizeof(cell[tokens]{})

// RefusalFor returns the error with which guards refuse until after that time.
func RefusalFor(after time.Duration) error { return refusalFor(after) }

// NewTokenOfKeys is NewToken for a limiter with a memory of its own that has room
// for so many keys.
func NewTokenOfKeys(o TokenOptions, maxKeys int) *Token {
	t := NewToken(o)
	t.ledger = newLedger(t.rules[0], maxKeys)
	return t
}

// LedgerCellSize is what a key costs in a memory that is not shared, text included,
// in bytes, in a table without empty places.
const LedgerCellSize = unsafe.Sizeof(ledgerCell{})

// SameText reports whether a cell that a key was written to holds another of that
// length.
func SameText(a, b string) bool {
	var c ledgerCell
	c.write(a)
	return c.holds(b)
}

// CellsPerKey is how much larger tables are than what is in them.
func (t *Token) CellsPerKey() float64 {
	cells, keys := 0, 0
	for i := range t.ledger.shards {
		table := t.ledger.shards[i].table.Load()
		cells, keys = cells+len(table.cells), keys+table.used
	}
	return float64(cells) / float64(keys)
}

// Table tells apart the tables that the first of all keys have been in.
func (t *Token) Table() any { return t.ledger.shards[0].table.Load() }

// LockAll takes all locks, until what it returns is called.
func (t *Token) LockAll() (unlock func()) {
	for i := range t.ledger.shards {
		t.ledger.shards[i].mu.Lock()
	}
	return func() {
		for i := range t.ledger.shards {
			t.ledger.shards[i].mu.Unlock()
		}
	}
}

// HeldUp is the first half of a decision about a known key: up to when the clock is
// read. The other half is what it returns.
func (t *Token) HeldUp(key string) (decide func() bool) {
	l, hash := t.ledger, t.ledger.hash(key)
	s := &l.shards[hash>>l.shift]
	table := s.table.Load()
	w := table.find(hash, key)
	word := w.Load()
	now := l.units(table)
	return func() bool {
		_, ok, settled := l.quickly(s, table, w, word, now, 1, 0)
		return ok && settled
	}
}
