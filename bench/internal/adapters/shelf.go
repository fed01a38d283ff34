package adapters

// A shelf keeps what loops use again and again. What a sync.Pool keeps is lost at a
// garbage collection, and to make it anew would be counted.
type shelf[T any] struct {
	idle   chan T
	create func() T
}

// newShelf has room for more than work at a time.
func newShelf[T any](create func() T) shelf[T] {
	return shelf[T]{make(chan T, 64), create}
}

func (s shelf[T]) take() T {
	select {
	case v := <-s.idle:
		return v
	default:
		return s.create()
	}
}

func (s shelf[T]) putBack(v T) {
	select {
	case s.idle <- v:
	default:
	}
}
