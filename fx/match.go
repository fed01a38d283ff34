package fx

// AnyMatch reports whether an item satisfies match. It ends with the first that
// does.
func (s Stream[T]) AnyMatch(match func(T) bool) bool {
	if s == nil || match == nil {
		panic("fx: AnyMatch needs a stream and a func")
	}
	for v := range s {
		if match(v) {
			return true
		}
	}
	return false
}

// AllMatch reports whether every item satisfies match, as those of an empty stream
// do. It ends with the first that does not.
func (s Stream[T]) AllMatch(match func(T) bool) bool {
	if s == nil || match == nil {
		panic("fx: AllMatch needs a stream and a func")
	}
	for v := range s {
		if !match(v) {
			return false
		}
	}
	return true
}

// NoneMatch reports whether no item satisfies match. It ends with the first that
// does.
func (s Stream[T]) NoneMatch(match func(T) bool) bool { return !s.AnyMatch(match) }
