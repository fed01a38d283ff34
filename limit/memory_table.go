package limit

import (
	"strings"

	"sync"
	"time"
)

// A table is one shard of a [Memory]: cells in an open-addressed hash table with
// linear probing (Knuth, TAOCP 3, 6.4), so that finding a key takes one hash and
// mostly one cache line. S is what is kept of a key; its zero value is that of a
// key nothing is known of.
type table[S any] struct {
	// What every call reads or writes, in one cache line where pointers are 8 bytes.
	mu    sync.Mutex
	cells []cell[S] // guarded by mu, as all below; a power of two, or none
	tally           // of views that have no counters of their own
	used  int

	most int // cells that may be used
	hand int // the cell that is looked at next in search of idle ones

	strangers S     // shared by the keys that found no room
	blank     S     // what a look at an unknown key sees
	idleAt    int64 // of these two, for nobody

	evicted, shared uint64

	_ [32]byte // shards do not share cache lines
}

// A cell is 64 bytes where pointers are 8. It is idle from idleAt on: then all is
// as if its key had never been seen.
type cell[S any] struct {
	hash   uint64 // 0: nothing is here
	idleAt int64
	key    string
	state  S
}

const (
	minCells = 8
	strolled = 4  // cells looked at by each new key
	searched = 16 // cells looked at by a new key that finds no room
	// lingering is how long an idle cell stays while there is room, so that a key
	// whose state does not last long is not made anew each time.
	lingering = int64(time.Minute)
)

// enter locks t, and returns the time since epoch.
//
// Reading the clock takes as long as fetching a cell from afar, and a processor
// does both at a time where nothing stands between them: so the clock is read
// under the lock. But whoever finds it held reads while waiting, lest others wait
// longer.
func (t *table[S]) enter(epoch time.Time) (now int64) {
	free := t.mu.TryLock()
	now = int64(time.Since(epoch))
	if !free {
		t.mu.Lock()
	}
	return now
}

// find returns the cell of scope+key, nil if there is none. Precondition: mu is
// held, and hash is not 0.
func (t *table[S]) find(hash uint64, scope, key string) *cell[S] {
	if len(t.cells) == 0 {
		return nil
	}
	mask := len(t.cells) - 1
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		c := &t.cells[i&(len(t.cells)-1)]
		if c.hash == hash && same(c.key, scope, key) {
			return c
		}
		if c.hash == 0 {
			return nil
		}
	}
}

func same(full, scope, key string) bool {
	if scope == "" {
		return full == key
	}
	return len(full) == len(scope)+len(key) && full[len(scope):] == key && full[:len(scope)] == scope
}

// add makes a cell for a key that has none; nil if there is no room, not even
// after it dropped what is idle now among some cells. Precondition: mu is held.
func (t *table[S]) add(hash uint64, scope, key string, now int64) *cell[S] {
	if len(t.cells) > 0 {
		t.stroll(strolled, now-lingering)
	}
	for i := 0; t.used >= t.most; i++ {
		if i == searched {
			return nil
		}
		t.stroll(1, now)
	}
	if 4*(t.used+1) > 3*len(t.cells) {
		t.rebuild(now - lingering)
	}
	t.used++
	c := t.place(hash)
	c.hash = hash
	if scope == "" {
		c.key = strings.Clone(key)
	} else {
		c.key = scope + key
	}
	return c
}

// place returns the empty cell where one with that hash belongs.
func (t *table[S]) place(hash uint64) *cell[S] {
	mask := len(t.cells) - 1
	i := int(hash) & mask
	for t.cells[i].hash != 0 {
		i = (i + 1) & mask
	}
	return &t.cells[i]
}

// stroll drops those of the next n cells that were idle then. Precondition: mu is
// held, and there are cells.
func (t *table[S]) stroll(n int, then int64) {
	for range n {
		if t.hand >= len(t.cells) {
			t.hand = 0
			if t.used < len(t.cells)/8 && len(t.cells) > minCells {
				t.rebuild(then) // it once was much larger
			}
		}
		if c := &t.cells[t.hand]; c.hash != 0 && c.idleAt <= then {
			t.remove(t.hand) // another may take its place, and is next
			t.evicted++
		} else {
			t.hand++
		}
	}
}

// remove empties cell i and closes the gap, so that no key is cut off from the
// cell where its search begins (Knuth's algorithm R).
func (t *table[S]) remove(i int) {
	mask := len(t.cells) - 1
	t.used--
	for {
		t.cells[i] = cell[S]{}
		next := i
		for {
			next = (next + 1) & mask
			c := &t.cells[next]
			if c.hash == 0 {
				return
			}
			home := int(c.hash) & mask
			if (next-home)&mask >= (next-i)&mask {
				break // it may move to i
			}
		}
		t.cells[i] = t.cells[next]
		i = next
	}
}

// rebuild drops all cells that were idle then, and moves the others to where they
// and one more fill at most half the table.
func (t *table[S]) rebuild(then int64) {
	live := 0
	for i := range t.cells {
		if c := &t.cells[i]; c.hash != 0 && c.idleAt > then {
			live++
		}
	}
	size := minCells
	for size < 2*(live+1) {
		size *= 2
	}
	old := t.cells
	t.evicted += uint64(t.used - live)
	t.cells, t.used, t.hand = make([]cell[S], size), live, 0
	for i := range old {
		if c := &old[i]; c.hash != 0 && c.idleAt > then {
			*t.place(c.hash) = *c
		}
	}
}

// unknown returns the state of a key that has no cell, and the cell if it gets one
// now because insert is set. If there is no room, it shares a state with strangers.
// Precondition: mu is held.
func (t *table[S]) unknown(hash uint64, scope, key string, insert bool, now int64) (*S, *int64) {
	if insert {
		if c := t.add(hash, scope, key, now); c != nil {
			return &c.state, &c.idleAt
		}
	}
	t.idleAt = 0
	if t.used >= t.most {
		t.shared++
		return &t.strangers, &t.idleAt
	}
	return &t.blank, &t.idleAt
}
