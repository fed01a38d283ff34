package bloom

import (
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

const (
	errZero = "bloom: a Filter or Layout must be made by New, NewLayout or UnmarshalBinary"
	stripes = 16
)

// A Filter remembers keys, without keeping them. Test is true for every key that
// was added, and by mistake for a share of the others: while it holds as many keys as
// it was made for, or fewer, at most the share that it was made for. Beyond that the share
// grows; see EstimatedCount. Keys cannot be taken out again.
//
// It is made by [New], or by UnmarshalBinary; other methods that read or change keys
// panic if it is not, or return an error. It must not be copied; see Clone. It is safe for
// concurrent use, but for UnmarshalBinary. What Add has returned from, every Test sees.
//
// It takes a fixed amount of memory: 10.3 bits per key at a rate of 1 %, 17 at 0.1 %. Below
// 10,000 keys it takes a few per cent more, so that not only the average filter but this one
// keeps the rate, and never less than 64 bytes. Operations allocate nothing, take no lock (but for TestAndAdd of a new
// key) and take as long as a miss of the cache or two, some 20 ns, and to hash the key.
// See [Layout] for how it works.
//
// The hash is the same everywhere, not seeded. Who may choose the keys, and knows that
// a filter is there, can find keys that it mistakes: it is no protection by itself.
type Filter struct {
	layout   Layout
	capacity int
	fpr      float64
	blocks   []block
	adding   [stripes]sync.Mutex // held by TestAndAdd for new keys of a block: see there
}

// A block is a line of the cache. Its words are read and changed atomically.
type block [blockWords]uint64

// New returns an empty filter for n keys and a rate of false positives, a share
// of 0..1, say 0.01. It panics if they are impossible: without keys, below 1e-9, not below
// 1, or more than memory can have; see [Validate].
func New(n int, fpr float64) *Filter {
	l := NewLayout(n, fpr)
	return &Filter{layout: l, capacity: n, fpr: fpr, blocks: make([]block, l.blocks)}
}

// Capacity returns how many keys the filter was made for.
func (f *Filter) Capacity() int { return f.capacity }

// FPR returns the rate of false positives that it was made for, a share of 0..1.
func (f *Filter) FPR() float64 { return f.fpr }

// Bits returns how large the filter is: an eighth of it in bytes is what it takes.
func (f *Filter) Bits() uint64 { return f.layout.Bits() }

// Layout returns where its keys have their bits.
func (f *Filter) Layout() Layout { return f.layout }

// Add adds a key. Any bytes are a key, also none. They are neither kept nor changed.
func (f *Filter) Add(key []byte) { f.add(xxhash.Sum64(key)) }

// AddString is [Filter.Add] for a string, as if for its bytes.
func (f *Filter) AddString(key string) { f.add(xxhash.Sum64String(key)) }

// Test reports whether a key was added. False is certain, true may be a mistake.
func (f *Filter) Test(key []byte) bool { return f.test(xxhash.Sum64(key)) }

// TestString is [Filter.Test] for a string.
func (f *Filter) TestString(key string) bool { return f.test(xxhash.Sum64String(key)) }

// TestAndAdd adds a key and reports whether it was there already, in one step: of
// several callers with the same new key, one is told that it was new. (Or none, if the
// filter mistakes it for an old one.) Callers of Add do not count.
func (f *Filter) TestAndAdd(key []byte) (already bool) { return f.testAndAdd(xxhash.Sum64(key)) }

// TestAndAddString is [Filter.TestAndAdd] for a string.
func (f *Filter) TestAndAddString(key string) (already bool) {
	return f.testAndAdd(xxhash.Sum64String(key))
}

// block returns the block of a hash.
func (f *Filter) block(h uint64) *block {
	i := f.layout.block(h)
	if i >= uint64(len(f.blocks)) {
		panic(errZero)
	}
	return &f.blocks[i]
}

func (f *Filter) test(h uint64) bool {
	b, l := f.block(h), &f.layout
	if l.wide {
		return b.testWide(l, h)
	}
	x := h * mix1
	m1, m2 := l.masks(x)
	i, j := halves(x)
	// Both words are asked even if the first one says no: a branch that goes both ways
	// costs more than the second word.
	return m1&^atomic.LoadUint64(&b[i])|m2&^atomic.LoadUint64(&b[j]) == 0
}

func (b *block) testWide(l *Layout, h uint64) bool {
	x, y := h*mix1, h*mix2
	m1, m2 := l.masks(x)
	m3, m4 := l.masks(y)
	i, j := quarters(x)
	p, q := quarters(y)
	missing := m1&^atomic.LoadUint64(&b[i]) | m2&^atomic.LoadUint64(&b[j])
	return missing|m3&^atomic.LoadUint64(&b[4+p])|m4&^atomic.LoadUint64(&b[4+q]) == 0
}

// add reports whether it changed anything.
func (f *Filter) add(h uint64) bool {
	b, l := f.block(h), &f.layout
	if l.wide {
		return b.addWide(l, h)
	}
	x := h * mix1
	m1, m2 := l.masks(x)
	i, j := halves(x)
	changed := set(&b[i], m1)
	return set(&b[j], m2) || changed
}

func (b *block) addWide(l *Layout, h uint64) bool {
	changed := false
	for i, m := range l.bits(h) {
		changed = set(&b[i], m) || changed
	}
	return changed
}

// set sets bits of a word. To write costs a multiple of reading, above all while other
// processors use the line, so that what is set already is left alone.
func set(word *uint64, mask uint64) bool {
	if mask&^atomic.LoadUint64(word) == 0 {
		return false
	}
	atomic.OrUint64(word, mask)
	return true
}

// testAndAdd has new keys of a block wait for each other, for the bits of a key are in
// several words: without it, two callers might each set some and both believe to be first.
func (f *Filter) testAndAdd(h uint64) bool {
	if f.test(h) {
		return true
	}
	mu := &f.adding[f.layout.block(h)%stripes]
	mu.Lock()
	defer mu.Unlock()
	return !f.add(h)
}
