package fx

// ForEach calls fn for each item.
func (s Stream[T]) ForEach(fn func(T)) {
	if s == nil || fn == nil {
		panic("fx: ForEach needs a stream and a func")
	}
	for v := range s {
		fn(v)
	}
}

// Collect returns all items, or nil if there are none.
func (s Stream[T]) Collect() []T {
	s.must()
	var all []T
	for v := range s {
		all = append(all, v)
	}
	return all
}

// Count returns how many items there are.
func (s Stream[T]) Count() int {
	s.must()
	n := 0
	for range s {
		n++
	}
	return n
}

// First returns the first item, or false if there is none.
func (s Stream[T]) First() (first T, ok bool) {
	s.must()
	for v := range s {
		return v, true
	}
	return first, false
}

// Last returns the last item, or false if there is none.
func (s Stream[T]) Last() (last T, ok bool) {
	s.must()
	for v := range s {
		last, ok = v, true
	}
	return last, ok
}

// Max returns the greatest item in the order of compare, or false if there is
// none. Of equal ones, it is the first.
func (s Stream[T]) Max(compare func(a, b T) int) (greatest T, ok bool) {
	if s == nil || compare == nil {
		panic("fx: Max needs a stream and a func")
	}
	for v := range s {
		if !ok || compare(v, greatest) > 0 {
			greatest, ok = v, true
		}
	}
	return greatest, ok
}

// Min returns the least item in the order of compare, or false if there is none.
// Of equal ones, it is the first.
func (s Stream[T]) Min(compare func(a, b T) int) (least T, ok bool) {
	if s == nil || compare == nil {
		panic("fx: Min needs a stream and a func")
	}
	for v := range s {
		if !ok || compare(v, least) < 0 {
			least, ok = v, true
		}
	}
	return least, ok
}

// Reduce returns what f makes of initial and the first item, then of that and the
// second, and so on; initial if there is none.
func Reduce[T, A any](s Stream[T], initial A, f func(A, T) A) A {
	if s == nil || f == nil {
		panic("fx: Reduce needs a stream and a func")
	}
	for v := range s {
		initial = f(initial, v)
	}
	return initial
}
