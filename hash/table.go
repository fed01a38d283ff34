package hash

import (
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// A table says who holds each slot, as the number of a node. Up to 256 nodes it
// takes a byte per slot, else two. It is never changed once made.
type table struct {
	shift  uint8 // of a key's hash, to get its slot
	narrow []uint8
	wide   []uint16
}

const (
	narrowNodes = 1 << 8
	maxNodes    = 1 << 16
)

func newTable(holders []uint16, nodes int) table {
	t := table{shift: uint8(64 - bits.TrailingZeros(uint(len(holders))))}
	if nodes > narrowNodes {
		t.wide = holders
		return t
	}
	t.narrow = make([]uint8, len(holders))
	for slot, holder := range holders {
		t.narrow[slot] = uint8(holder)
	}
	return t
}

func (t *table) slot(hash uint64) int { return int(hash >> (t.shift & 63)) }

func (t *table) holder(slot int) int {
	if t.narrow != nil {
		return int(t.narrow[slot])
	}
	return int(t.wide[slot])
}

func sum(key string) uint64 { return xxhash.Sum64String(key) }
