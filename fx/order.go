package fx

import "slices"

// Sort returns a stream of the items in the order of compare, which is that of
// [slices.SortFunc]: negative if a comes before b. Equal ones stay in their order.
// It keeps all items; they come when the source has ended.
func (s Stream[T]) Sort(compare func(a, b T) int) Stream[T] {
	if s == nil || compare == nil {
		panic("fx: Sort needs a stream and a func")
	}
	return func(yield func(T) bool) {
		all := s.Collect()
		slices.SortStableFunc(all, compare)
		Just(all...)(yield)
	}
}

// Reverse returns a stream of the items, the last one first. It keeps all items;
// they come when the source has ended.
func (s Stream[T]) Reverse() Stream[T] {
	s.must()
	return func(yield func(T) bool) {
		all := s.Collect()
		slices.Reverse(all)
		Just(all...)(yield)
	}
}

// Concat returns a stream of the items of s, then of those of the first of the
// others, and so on. Each one is started when that before it has ended.
func (s Stream[T]) Concat(others ...Stream[T]) Stream[T] {
	s.must()
	for _, other := range others {
		other.must()
	}
	return func(yield func(T) bool) {
		for v := range s {
			if !yield(v) {
				return
			}
		}
		for _, other := range others {
			for v := range other {
				if !yield(v) {
					return
				}
			}
		}
	}
}
