// Package filters compares Bloom filters: what it costs to add a key, to find one
// that was added and one that was not, how often a filter is wrong, and how many
// bits it takes.
//
// Keys are 16 bytes, made on the way. Filters that want a hash instead of a key are
// given its XXH64, as their users would. Each filter is called through a function
// value, which costs all of them the same.
package filters

import (
	"encoding/binary"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirModule     = "github.com/weirgo/weir"
	blobloomModule = "github.com/greatroar/blobloom"
	bitsModule     = "github.com/bits-and-blooms/bloom/v3"

	weirName     = "weir"
	blobloomName = "blobloom + xxhash"
	syncName     = "blobloom Sync + xxhash"
	bitsName     = "bits-and-blooms"
)

// A Scale says how large the lines are. Tests have a smaller one.
type Scale struct {
	Keys   int // in a large filter; a power of two
	Small  int // in a small one
	Probes int // of keys that are not in a filter
}

// Full is the scale of the suite.
var Full = Scale{Keys: 1 << 20, Small: 1000, Probes: 4_000_000}

// Lines returns the lines about Bloom filters.
func Lines(s Scale) []suite.Line {
	return []suite.Line{
		addLine(s), addTogetherLine(s), hitLine(s), missLine(s),
		rateLine(s, "a million keys at 1 %", s.Keys, 0.01),
		rateLine(s, "a million keys at 0.1 %", s.Keys, 0.001),
		rateLine(s, "a thousand keys at 1 %", s.Small, 0.01),
	}
}

// A filter is called by several at a time only if its kind is safe for that.
type filter struct {
	add   func(key []byte)
	has   func(key []byte) bool
	clear func()
	bits  float64
}

// A kind makes filters for n keys and a rate of false positives, 0..1.
type kind func(n int, rate float64) filter

func contender(name, module string, k kind, subject func(kind) suite.Subject) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return subject(k) }}
}

func contenders(subject func(kind) suite.Subject) []suite.Contender {
	return append(safeContenders(subject),
		contender(blobloomName, blobloomModule, newBlobloom, subject),
		contender(bitsName, bitsModule, newBits, subject))
}

// safeContenders are those whose Add may be called concurrently.
func safeContenders(subject func(kind) suite.Subject) []suite.Contender {
	return []suite.Contender{
		contender(weirName, weirModule, newWeir, subject),
		contender(syncName, blobloomModule, newSync, subject),
	}
}

// A key is one of 2^64.
type key [16]byte

func (k *key) set(number int) []byte {
	binary.LittleEndian.PutUint64(k[8:], uint64(number))
	return k[:]
}

// strangers are the numbers of keys that are never added.
const strangers = 1 << 40
