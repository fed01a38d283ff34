package collection

import "hash/maphash"

// A keyIndex finds pending entries by key. It is a hash table whose chains go
// through the entries, so that key, value and deadline are one piece of memory.
//
// It grows and shrinks by one bucket at a time (linear hashing: Litwin, VLDB
// 1980), so that nobody ever waits for a million keys to be hashed anew, and
// nothing is left of a burst that is over.
type keyIndex[K comparable, V any] struct {
	segments [][]bucketGroup[K, V]
	buckets  uint32 // in use
	mask     uint32 // 1<<n - 1, at least buckets-1 and less than twice that
	count    uint32
	_        [24]byte // the next shard's is another processor's
}

// keyed is the item of an entry with a key.
type keyed[K comparable, V any] struct {
	key   K
	value V
	chain *pending[keyed[K, V]] // the next one in the same bucket
	hash  uint32
	turn  uint32
}

// A bucketGroup is some buckets in one cache line.
type bucketGroup[K comparable, V any] struct {
	chains [groupOf]*pending[keyed[K, V]]
	// marks tell for each bucket which hashes are not in its chain, so that a new
	// key seldom has to look at the entries there.
	marks [groupOf]uint8
	_     uint8
}

const (
	groupOf = 7
	// A segment has so many groups, but for the first, which begins with less. They
	// are so many that the list of a million keys' segments stays in the nearest cache,
	// and so few that to get one is soon done.
	segmentBits = 9
	segmentSize = 1 << segmentBits
	fewGroups   = 8

	fewBuckets = fewGroups * groupOf

	// A growing index has perKey buckets for each key, a shrinking one up to
	// sparse times as many: with more keys than buckets, too many share one.
	perKey = 2
	sparse = 4
	// Buckets of neighbours among integers are neighbours, within blocks of so many
	// bits.
	blockBits = 6
)

// hashOf returns the hash of a key. Integers are mostly numbered one after another; to look them
// up like that shall not take a cache miss each, which would be half of the whole
// cost with a million keys. Which block is where is as random as any hash.
func hashOf[K comparable](seed maphash.Seed, key K) uint32 {
	switch k := any(key).(type) {
	case int:
		return hashInteger(seed, uint64(k))
	case int64:
		return hashInteger(seed, uint64(k))
	case int32:
		return hashInteger(seed, uint64(k))
	case uint:
		return hashInteger(seed, uint64(k))
	case uint64:
		return hashInteger(seed, k)
	case uint32:
		return hashInteger(seed, uint64(k))
	case uintptr:
		return hashInteger(seed, uint64(k))
	}
	return uint32(maphash.Comparable(seed, key))
}

func hashInteger(seed maphash.Seed, k uint64) uint32 {
	return uint32(maphash.Comparable(seed, k>>blockBits)) ^ uint32(k&(1<<blockBits-1))
}

func markOf(hash uint32) uint8 { return 1 << (hash >> 29) }

// at returns a bucket. Only what these point to is guarded by the lock.
func (x *keyIndex[K, V]) at(bucket uint32) (marks *uint8, chain **pending[keyed[K, V]]) {
	g, i := bucket/groupOf, bucket%groupOf
	group := &x.segments[g>>segmentBits][g&(segmentSize-1)]
	return &group.marks[i], &group.chains[i]
}

// place returns the bucket of a hash. There must be buckets.
func (x *keyIndex[K, V]) place(hash uint32) (marks *uint8, chain **pending[keyed[K, V]]) {
	b := hash & x.mask
	if b >= x.buckets {
		b &= x.mask >> 1 // it has not been split off yet
	}
	return x.at(b)
}

// find returns the entry of a key, or nil.
func (x *keyIndex[K, V]) find(key K, hash uint32) *pending[keyed[K, V]] {
	if x.count == 0 {
		return nil
	}
	marks, chain := x.place(hash)
	if *marks&markOf(hash) == 0 {
		return nil
	}
	for p := *chain; p != nil; p = p.item.chain {
		if p.item.hash == hash && p.item.key == key {
			return p
		}
	}
	return nil
}

// insert adds an entry whose key is not there.
func (x *keyIndex[K, V]) insert(p *pending[keyed[K, V]]) {
	x.count++
	for x.buckets < x.count*perKey {
		x.grow()
	}
	x.push(p)
}

func (x *keyIndex[K, V]) push(p *pending[keyed[K, V]]) {
	marks, chain := x.place(p.item.hash)
	*marks |= markOf(p.item.hash)
	p.item.chain = *chain
	*chain = p
}

// remove takes out an entry that is there.
func (x *keyIndex[K, V]) remove(p *pending[keyed[K, V]]) {
	marks, chain := x.place(p.item.hash)
	link := chain
	for *link != p {
		link = &(*link).item.chain
	}
	*link, p.item.chain = p.item.chain, nil
	if *chain == nil {
		*marks = 0
	}
	x.count--
	for x.buckets > fewBuckets && x.buckets/(perKey*sparse) > x.count {
		x.shrink()
	}
}

// grow adds a bucket.
func (x *keyIndex[K, V]) grow() {
	b := x.buckets
	if b%groupOf == 0 {
		x.extend(b / groupOf)
	}
	if x.buckets++; b > x.mask {
		x.mask = x.mask<<1 | 1
	}
	if b > 0 {
		x.sort(b & (x.mask >> 1)) // some of what is there belongs into b
	}
}

// extend makes room for a group.
func (x *keyIndex[K, V]) extend(group uint32) {
	switch i := int(group >> segmentBits); {
	case i > 0 && i == len(x.segments):
		x.segments = append(x.segments, make([]bucketGroup[K, V], segmentSize))
	case i == 0 && len(x.segments) == 0:
		x.segments = [][]bucketGroup[K, V]{make([]bucketGroup[K, V], fewGroups)}
	case i == 0 && int(group) == len(x.segments[0]):
		x.resizeFirst(2 * group)
	}
}

// shrink gives up the last bucket.
func (x *keyIndex[K, V]) shrink() {
	x.buckets--
	if x.buckets == x.mask>>1+1 {
		x.mask >>= 1
	}
	x.sort(x.buckets)
	if x.buckets%groupOf == 0 {
		x.cut(x.buckets / groupOf)
	}
}

// cut gives up what only the last groups need, beginning with the given one.
func (x *keyIndex[K, V]) cut(group uint32) {
	last := len(x.segments) - 1
	switch {
	case last > 0 && group <= uint32(last)<<segmentBits:
		x.segments[last] = nil
		x.segments = x.segments[:last]
	case last == 0 && group >= fewGroups && int(group) <= len(x.segments[0])/4:
		x.resizeFirst(2 * group)
	}
}

func (x *keyIndex[K, V]) resizeFirst(groups uint32) {
	first := make([]bucketGroup[K, V], groups)
	copy(first, x.segments[0])
	x.segments[0] = first
}

// sort puts what is in a bucket where it belongs now.
func (x *keyIndex[K, V]) sort(bucket uint32) {
	marks, chain := x.at(bucket)
	p := *chain
	*chain, *marks = nil, 0
	for p != nil {
		next := p.item.chain
		x.push(p)
		p = next
	}
}
