package limit

import "hash/maphash"

// A view is how one limiter sees a Memory: by a prefix of its keys, and with
// counters of its own.
type view struct {
	mem     *Memory
	prefix  string
	salt    uint64        // what the prefix adds to hashes
	tallies []paddedTally // of shard i is number i, guarded by its lock; nil: the shard's own
}

// A tally counts decisions.
type tally struct {
	allowed, refused uint64
}

type paddedTally struct {
	tally
	_ [48]byte // to a cache line
}

// newView returns a view of m, whose tables are there from now on.
func newView(m *Memory, name string) view {
	m.init()
	v := view{mem: m, tallies: make([]paddedTally, maxShards)}
	if name != "" {
		v.prefix = name + ":"
		v.salt = maphash.String(m.seed, v.prefix)
	}
	return v
}

// ownView returns a view of a memory that nobody else sees.
func ownView() view {
	m := NewMemory(MemoryOptions{})
	m.init()
	return view{mem: m}
}

// hash is never 0.
func (v *view) hash(key string) uint64 {
	return (maphash.String(v.mem.seed, key) ^ v.salt) | 1<<32
}

// tally returns the counters of shard i, whose own are given.
func (v *view) tally(i int, own *tally) *tally {
	if v.tallies == nil {
		return own
	}
	return &v.tallies[i].tally
}

// count counts a decision about n events.
func (t *tally) count(n int, ok bool) {
	switch {
	case n <= 0:
	case ok:
		t.allowed++
	default:
		t.refused++
	}
}

// stats returns what was counted. A limiter uses one kind of tables only; the
// other counts nothing for it.
func (v *view) stats() (st TokenStats) {
	for i := range v.mem.tokens.shards {
		t, w := &v.mem.tokens.shards[i], &v.mem.windows.shards[i]
		t.mu.Lock()
		w.mu.Lock()
		sum := tally{t.allowed + w.allowed, t.refused + w.refused}
		if v.tallies != nil {
			sum = v.tallies[i].tally
		}
		w.mu.Unlock()
		t.mu.Unlock()
		st.Allowed += sum.allowed
		st.Refused += sum.refused
	}
	return st
}
