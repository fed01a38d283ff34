package hash

import (
	"iter"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// A Ring assigns keys to nodes of type N in proportion to their weights, such
// that a key moves only to or from a node that came, went or changed weight.
//
// It is made by [NewRing]; the zero value is an empty ring to which nothing can be
// added. It must not be copied. All methods may be called concurrently. Those that
// look keys and nodes up take no lock, never wait for a change, and see the ring
// either as it was before it or as it is after it; Acquire, Loads and Stats take a
// lock that is held for a moment only. Nothing needs to be closed.
//
// Get costs one hash of the key and two loads, whatever the number of nodes. GetN
// looks at each node. A change makes a new table of all slots while the old one
// is in use: to add a node takes some milliseconds with 10 nodes as with 1000, and
// so does it to remove one of equal weight. To remove one that holds most slots
// takes as long as to set up the whole ring, which is slots times nodes: half a
// second for 1000. Changes wait for each other.
//
// With the default of Slots a ring takes 256 KiB up to 256 nodes and 512 KiB beyond,
// one or two bytes per slot, plus some 100 B per node; a change needs the same
// again and up to 512 KiB more while it lasts.
type Ring[N comparable] struct {
	opts RingOptions[N]
	now  atomic.Pointer[snapshot[N]] // nil while there are no nodes

	mu sync.Mutex // held by changes, from before they read now until it is replaced

	ledger ledger // what is in flight; without a bound it is not used
}

// NewRing returns an empty ring. It panics if o is impossible; see Validate.
func NewRing[N comparable](o RingOptions[N]) *Ring[N] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	r := &Ring[N]{opts: o.withDefaults()}
	r.ledger.bound = max(0, o.Load)
	return r
}

// Get returns the node that a key belongs to, false if the ring is empty.
func (r *Ring[N]) Get(key string) (N, bool) { return r.at(sum(key)) }

// GetBytes is Get for a key in bytes, which belongs to the same node as the string
// of those bytes.
func (r *Ring[N]) GetBytes(key []byte) (N, bool) { return r.at(xxhash.Sum64(key)) }

func (r *Ring[N]) at(hash uint64) (node N, ok bool) {
	s := r.now.Load()
	if s == nil {
		return node, false
	}
	return s.nodes[s.holder(s.slot(hash))], true
}

// Len returns how many nodes there are.
func (r *Ring[N]) Len() int {
	if s := r.now.Load(); s != nil {
		return len(s.nodes)
	}
	return 0
}

// Nodes returns the nodes with their weights as they are now, the heaviest first
// and those of one weight by name. The ring may change meanwhile, the sequence
// does not.
func (r *Ring[N]) Nodes() iter.Seq2[N, int] {
	s := r.now.Load()
	return func(yield func(N, int) bool) {
		if s == nil {
			return
		}
		for _, m := range s.members {
			if !yield(m.node, m.weight) {
				return
			}
		}
	}
}
