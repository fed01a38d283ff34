package collection

import (
	"iter"
	"maps"
)

// A Set holds each of its items once. It is a map, and can be used as one: made
// with make, ranged over, measured with len, compared with nil.
//
// The zero value, nil, is an empty set that can be read, and that Add makes a map
// of. A Set that is copied, or passed on, is the same set, as it is with maps;
// Clone makes another. It is for one goroutine at a time, or for several that
// only read.
//
// An item that does not equal itself, such as a NaN, is an item of its own each
// time it is added; Contains and Remove never find it, and sets that have one
// equal none, nor are subsets of any. Clear removes it. An item of an interface
// type whose dynamic type cannot be compared panics, as it does in any map.
type Set[T comparable] map[T]struct{}

// NewSet returns a set of the items.
func NewSet[T comparable](items ...T) Set[T] {
	s := make(Set[T], len(items))
	s.Add(items...)
	return s
}

// CollectSet returns a set of what items yields.
func CollectSet[T comparable](items iter.Seq[T]) Set[T] {
	s := Set[T]{}
	for item := range items {
		s[item] = struct{}{}
	}
	return s
}

// Add adds the items that s does not have.
func (s *Set[T]) Add(items ...T) {
	if *s == nil {
		*s = make(Set[T], len(items))
	}
	for _, item := range items {
		(*s)[item] = struct{}{}
	}
}

// Remove removes the items that s has.
func (s Set[T]) Remove(items ...T) {
	for _, item := range items {
		delete(s, item)
	}
}

// Contains reports whether s has the item.
func (s Set[T]) Contains(item T) bool {
	_, ok := s[item]
	return ok
}

// Len is how many items there are.
func (s Set[T]) Len() int { return len(s) }

// Clear removes all items.
func (s Set[T]) Clear() { clear(s) }

// All ranges over the items, in no order. As with any map, items may be removed
// meanwhile; one that is added may be seen or not.
func (s Set[T]) All() iter.Seq[T] { return maps.Keys(s) }

// Clone returns a set with the same items. It is never nil.
func (s Set[T]) Clone() Set[T] { return s.with(nil) }

// Union returns the items that are in s or in other.
func (s Set[T]) Union(other Set[T]) Set[T] { return s.with(other) }

// with copies s, with room for what other may add.
func (s Set[T]) with(other Set[T]) Set[T] {
	all := make(Set[T], max(len(s), len(other)))
	maps.Copy(all, s)
	maps.Copy(all, other)
	return all
}

// Intersect returns the items that are in both s and other.
func (s Set[T]) Intersect(other Set[T]) Set[T] {
	if len(other) < len(s) {
		s, other = other, s
	}
	both := Set[T]{}
	for item := range s {
		if other.Contains(item) {
			both[item] = struct{}{}
		}
	}
	return both
}

// Difference returns the items of s that are not in other.
func (s Set[T]) Difference(other Set[T]) Set[T] {
	rest := Set[T]{}
	for item := range s {
		if !other.Contains(item) {
			rest[item] = struct{}{}
		}
	}
	return rest
}

// SymmetricDifference returns the items that are in s or in other, not in both.
func (s Set[T]) SymmetricDifference(other Set[T]) Set[T] {
	rest := s.Difference(other)
	maps.Copy(rest, other.Difference(s))
	return rest
}

// IsSubset reports whether other has every item of s.
func (s Set[T]) IsSubset(other Set[T]) bool {
	if len(s) > len(other) {
		return false
	}
	for item := range s {
		if !other.Contains(item) {
			return false
		}
	}
	return true
}

// Equal reports whether s and other have the same items.
func (s Set[T]) Equal(other Set[T]) bool {
	return len(s) == len(other) && s.IsSubset(other)
}
