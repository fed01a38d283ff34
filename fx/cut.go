package fx

// Head returns a stream of the first n items. It ends with the nth, without asking
// the source for another one; if n is 0, the source is not run.
func (s Stream[T]) Head(n int) Stream[T] {
	if s == nil || n < 0 {
		panic("fx: Head needs a stream and a number of at least 0")
	}
	return func(yield func(T) bool) {
		if n == 0 {
			return
		}
		left := n
		for v := range s {
			left--
			if !yield(v) || left == 0 {
				return
			}
		}
	}
}

// Skip returns a stream without the first n items.
func (s Stream[T]) Skip(n int) Stream[T] {
	if s == nil || n < 0 {
		panic("fx: Skip needs a stream and a number of at least 0")
	}
	return func(yield func(T) bool) {
		left := n
		for v := range s {
			if left > 0 {
				left--
				continue
			}
			if !yield(v) {
				return
			}
		}
	}
}

// Tail returns a stream of the last n items, in their order, of which it keeps no
// more than n. They come when the source has ended: an endless one has no tail. If
// n is 0, the source is not run.
func (s Stream[T]) Tail(n int) Stream[T] {
	if s == nil || n < 0 {
		panic("fx: Tail needs a stream and a number of at least 0")
	}
	return func(yield func(T) bool) {
		if n == 0 {
			return
		}
		var kept []T
		oldest := 0
		for v := range s {
			if len(kept) < n {
				kept = append(kept, v)
				continue
			}
			kept[oldest] = v
			if oldest++; oldest == n {
				oldest = 0
			}
		}
		for i := range kept {
			if !yield(kept[(oldest+i)%len(kept)]) {
				return
			}
		}
	}
}
