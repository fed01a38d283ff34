package bloom

import (
	"errors"
	"math"
	"math/bits"
	"sync/atomic"
)

// ErrMismatch is returned by [Filter.Merge] for filters with different layouts.
var ErrMismatch = errors.New("bloom: filters of different capacities or rates cannot be merged")

// Merge adds all keys of another filter, which does not change. Both must have the same
// [Layout], as those made for the same number of keys and the same rate do; else it
// returns [ErrMismatch] and does nothing. The merged filter keeps its rate if both
// together have no more keys than one was made for.
//
// What is added to the other one meanwhile may be merged or not.
func (f *Filter) Merge(other *Filter) error {
	if other == nil || f.layout != other.layout || f.blocks == nil {
		return ErrMismatch
	}
	for i := range f.blocks {
		for j := range f.blocks[i] {
			set(&f.blocks[i][j], atomic.LoadUint64(&other.blocks[i][j]))
		}
	}
	return nil
}

// Clone returns a filter with the same keys. What is added meanwhile may be in it or
// not.
func (f *Filter) Clone() *Filter {
	c := &Filter{layout: f.layout, capacity: f.capacity, fpr: f.fpr, blocks: make([]block, len(f.blocks))}
	for i := range f.blocks {
		for j := range f.blocks[i] {
			c.blocks[i][j] = atomic.LoadUint64(&f.blocks[i][j])
		}
	}
	return c
}

// Clear removes all keys. What is added meanwhile may stay, or be lost.
func (f *Filter) Clear() {
	for i := range f.blocks {
		for j := range f.blocks[i] {
			atomic.StoreUint64(&f.blocks[i][j], 0)
		}
	}
}

// EstimatedCount returns about how many different keys were added, from how many bits are
// set: within a per cent or so for thousands of keys up to the capacity, worse far beyond it,
// and too few once all bits are set. It looks at all of the filter, some 0.2 ms per MB.
func (f *Filter) EstimatedCount() uint64 {
	if len(f.blocks) == 0 {
		return 0
	}
	ones := uint64(0)
	for i := range f.blocks {
		for j := range f.blocks[i] {
			ones += uint64(bits.OnesCount64(atomic.LoadUint64(&f.blocks[i][j])))
		}
	}
	all := float64(f.Bits())
	clear := max(all-float64(ones), 0.5) // where none is, there might be half a one
	// The chance that a key sets a given bit: it is in the block, asks the word, and hits
	// the bit at least once. Of the bits, then, (1-chance)^keys stay clear.
	s := f.layout.shape()
	missed := math.Pow(63.0/64, float64(s.each))
	chance := (1 - missed) * float64(s.words) / blockWords / float64(len(f.blocks))
	return uint64(math.Round(math.Log(clear/all) / math.Log1p(-chance)))
}
