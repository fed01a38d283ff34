package fx

// Grouped is what [Group] makes of the items that have a key in common.
type Grouped[K comparable, T any] struct {
	Key   K
	Items []T // in the order in which they came; at least one
}

// Group returns a stream of the items by their key; the group whose first item
// came first comes first. It keeps all items; the groups come when the source has
// ended.
func Group[T any, K comparable](s Stream[T], key func(T) K) Stream[Grouped[K, T]] {
	if s == nil || key == nil {
		panic("fx: Group needs a stream and a func")
	}
	return func(yield func(Grouped[K, T]) bool) {
		var groups []Grouped[K, T]
		place := make(map[K]int)
		for v := range s {
			k := key(v)
			i, known := place[k]
			if !known {
				i = len(groups)
				place[k] = i
				groups = append(groups, Grouped[K, T]{Key: k})
			}
			groups[i].Items = append(groups[i].Items, v)
		}
		Just(groups...)(yield)
	}
}
