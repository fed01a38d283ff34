// Package bloom remembers which keys it has seen, in some ten bits each: [Filter]
// is a Bloom filter. It says "not added" only of keys that were not, and "added" of
// all that were, and by mistake of a few others, as few as one asks for.
//
//	seen := bloom.New(1_000_000, 0.01) // a million keys, one mistake in a hundred: 1.3 MB
//	seen.AddString("alice")
//	seen.TestString("alice") // true
//	seen.TestString("bob")   // false, or once in a hundred true
//
// It stands before something dearer: a query for keys that mostly do not exist, a
// cache that keeps what is asked for a second time, work that was done already.
// Where a mistake is not to be borne, ask the source when it says true; where that is
// not possible, or where keys have to be forgotten one by one, use a map.
//
// The standard library has nothing like it. A map[string]struct{} takes some 50
// bytes per key besides the key, needs a lock, and makes no mistakes.
//
// Several processes share a filter by passing it around, for it is the same bytes
// everywhere ([Filter.MarshalBinary], [Filter.Merge]), or as weirredis.Bloom, which
// keeps it in Redis. Whoever keeps the bits elsewhere still finds them with a [Layout].
package bloom
