package limit

import "hash/maphash"

// A view is how one limiter sees a Memory: by a prefix of its keys, and with
// counters of its own.
type view struct {
	mem     *Memory
	prefix  string
	salt    uint64  // what the prefix adds to hashes
	tallies []tally // of shard i is number i, guarded by its lock; nil: none
}

type tally struct {
	allowed, refused uint64
	_                [48]byte // to a cache line
}

// newView returns a view of m, whose tables are there from now on.
func newView(m *Memory, name string) view {
	m.init()
	v := view{mem: m, tallies: make([]tally, maxShards)}
	if name != "" {
		v.prefix = name + ":"
		v.salt = maphash.String(m.seed, v.prefix)
	}
	return v
}

// hash is never 0.
func (v *view) hash(key string) uint64 {
	return (maphash.String(v.mem.seed, key) ^ v.salt) | 1<<32
}

// count counts a decision. Precondition: the lock of shard i is held.
func (v *view) count(i, n int, ok bool) {
	switch {
	case n <= 0 || v.tallies == nil:
	case ok:
		v.tallies[i].allowed++
	default:
		v.tallies[i].refused++
	}
}

// stats returns what was counted. A limiter uses one kind of tables only; the
// other's locks do not matter.
func (v *view) stats() (st TokenStats) {
	for i := range v.tallies {
		unlock := v.mem.lock(i)
		st.Allowed += v.tallies[i].allowed
		st.Refused += v.tallies[i].refused
		unlock()
	}
	return st
}
