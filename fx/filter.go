package fx

// Filter returns a stream of the items that keep returns true for.
func (s Stream[T]) Filter(keep func(T) bool) Stream[T] {
	if s == nil || keep == nil {
		panic("fx: Filter needs a stream and a func")
	}
	return func(yield func(T) bool) {
		for v := range s {
			if keep(v) && !yield(v) {
				return
			}
		}
	}
}

// Distinct returns a stream of the items without those that were there before. It
// remembers every different one: an endless stream of them fills the memory.
func Distinct[T comparable](s Stream[T]) Stream[T] {
	return DistinctBy(s, func(v T) T { return v })
}

// DistinctBy is [Distinct] of items that are the same if their keys are.
func DistinctBy[T any, K comparable](s Stream[T], key func(T) K) Stream[T] {
	if s == nil || key == nil {
		panic("fx: DistinctBy needs a stream and a func")
	}
	return func(yield func(T) bool) {
		seen := make(map[K]struct{})
		for v := range s {
			before := len(seen)
			seen[key(v)] = struct{}{}
			if len(seen) > before && !yield(v) {
				return
			}
		}
	}
}
