// Package hash spreads keys over nodes so that a key stays where it is while
// nodes come and go: consistent hashing, for caches, shards and sticky routing.
//
//	ring := hash.NewRing[string](hash.RingOptions[string]{})
//	_ = ring.Add("cache-1:6379", 100)
//	_ = ring.Add("cache-2:6379", 200) // twice the keys
//	node, ok := ring.Get("user:42")
//
// A [Ring] moves a key only where it must: to a node that was added or grew, or
// away from one that was removed or shrank. No other key moves, not one. Every
// process that knows the same nodes, weights and number of slots sends a key to
// the same node, whatever the order in which it heard of them, the architecture
// or the version of this package.
//
// Do not use it where any node will do: it looks neither at how busy nodes are
// (but for [Ring.Acquire], which bounds that) nor at whether they live. It is no
// defence against keys chosen by an adversary, who can find many that meet in one
// slot; one popular key is a load of its own, too, which only Acquire spreads.
//
// The package of the same name in the standard library is about hash functions;
// nothing there assigns keys to nodes.
//
// # How a node is chosen
//
// The first bits of the key's XXH64 number one of the slots, 2^18 unless the
// options say otherwise. Each slot belongs to one node, elected by weighted
// rendezvous (Thaler & Ravishankar, "A Name-Based Mapping Scheme for
// Rendezvous", 1996; Schindelhauer & Schomaker, "Weighted Distributed Hash
// Tables", 2005): each node draws a number for each slot, and the lowest
// -log2(number)/weight wins. The number that a node draws for slot s is output
// s+1 of a SplitMix64 generator (Steele, Lea & Flood, 2014) whose seed is XXH64
// of the node's name. The logarithm is an integer, of a table of 257 points with
// straight lines between them, so that no machine rounds it in another way. Among
// equals the higher draw wins, then the heavier node, then the first by name.
package hash
