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
