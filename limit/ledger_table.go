package limit

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// A ledgerTable is an open-addressed hash table with linear probing (Knuth, TAOCP
// 3, 6.4) to which keys are only added. To get rid of idle ones all others move to
// a new table, and leave frozen words behind. So a cell belongs to one key for
// ever, and whoever swaps its word, having found it by its key, meant that key.
type ledgerTable struct {
	origin int64 // nanoseconds since the epoch, when unit 0 was
	cells  []ledgerCell
	used   int                                      // guarded by mu of the shard
	texts  atomic.Pointer[[]atomic.Pointer[string]] // of long keys, each at the index of its cell; nil: none
}

// A ledgerCell is a cache line. All is written before the hash is, and nothing but
// the word afterwards.
type ledgerCell struct {
	hash atomic.Uint64 // 0: nothing is here
	word atomic.Uint64
	text [inline / 8]atomic.Uint64 // of a key that is not long, filled up with zeros
}

const (
	inline   = 48 // bytes of a key; longer ones are long
	sizeBits = 6  // of a hash, in which the length of the key is, or sizeMask
	sizeMask = 1<<sizeBits - 1
)

// noKeys is the table of shards that never had a key. There is no room in it.
var noKeys = &ledgerTable{cells: make([]ledgerCell, 1)}

// newLedgerTable returns a table with room for so many keys, and at most half full of
// them.
func newLedgerTable(origin int64, keys int) *ledgerTable {
	size := minCells
	for size < 2*keys {
		size *= 2
	}
	return &ledgerTable{origin: origin, cells: make([]ledgerCell, size)}
}

// hash is never 0, as no key is empty.
func (l *ledger) hash(key string) uint64 {
	return maphash.String(l.seed, key)&^sizeMask | uint64(min(len(key), sizeMask))
}

// find returns the word of the key, nil if t has none.
func (t *ledgerTable) find(hash uint64, key string) *atomic.Uint64 {
	for i := int(hash >> sizeBits); ; i++ {
		c := &t.cells[i&(len(t.cells)-1)]
		switch other := c.hash.Load(); {
		case other != hash:
			if other == 0 {
				return nil
			}
		case len(key) > inline:
			if *t.text(i).Load() == key {
				return &c.word
			}
		case c.holds(key):
			return &c.word
		}
	}
}

func (t *ledgerTable) text(i int) *atomic.Pointer[string] {
	return &(*t.texts.Load())[i&(len(t.cells)-1)]
}

// add adds a key that t does not have. Precondition: mu of the shard is held.
func (t *ledgerTable) add(hash uint64, key string, word uint64) {
	i := t.vacant(hash)
	if len(key) <= inline {
		t.cells[i].write(key)
	} else {
		text := strings.Clone(key)
		t.keep(i, &text)
	}
	t.publish(i, hash, word)
}

// inherit adds a key from cell i of an older table, which leaves it.
func (t *ledgerTable) inherit(from *ledgerTable, i int, word uint64) {
	c := &from.cells[i]
	hash := c.hash.Load()
	to := t.vacant(hash)
	if size := hash & sizeMask; size <= inline {
		for k := range c.text {
			t.cells[to].text[k].Store(c.text[k].Load())
		}
	} else {
		t.keep(to, from.text(i).Load())
	}
	t.publish(to, hash, word)
}

// vacant returns the number of the empty cell where a key with that hash belongs.
func (t *ledgerTable) vacant(hash uint64) int {
	i := int(hash>>sizeBits) & (len(t.cells) - 1)
	for t.cells[i].hash.Load() != 0 {
		i = (i + 1) & (len(t.cells) - 1)
	}
	return i
}

func (t *ledgerTable) keep(i int, text *string) {
	if t.texts.Load() == nil {
		texts := make([]atomic.Pointer[string], len(t.cells))
		t.texts.Store(&texts)
	}
	t.text(i).Store(text)
}

func (t *ledgerTable) publish(i int, hash, word uint64) {
	t.used++
	t.cells[i].word.Store(word)
	t.cells[i].hash.Store(hash)
}
