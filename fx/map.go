package fx

import "iter"

// Map returns a stream of what f makes of each item.
func Map[T, U any](s Stream[T], f func(T) U) Stream[U] {
	if s == nil || f == nil {
		panic("fx: Map needs a stream and a func")
	}
	return func(yield func(U) bool) {
		for v := range s {
			if !yield(f(v)) {
				return
			}
		}
	}
}

// FlatMap returns a stream of all that f makes of the first item, then of the
// second, and so on. What f returns is run while it is streamed, and may be nil,
// or endless.
func FlatMap[T, U any](s Stream[T], f func(T) iter.Seq[U]) Stream[U] {
	if s == nil || f == nil {
		panic("fx: FlatMap needs a stream and a func")
	}
	return func(yield func(U) bool) {
		// To range over each inner would allocate a loop body for each.
		w := walk[U]{yield: yield}
		pass := w.pass
		for v := range s {
			inner := f(v)
			if inner == nil {
				continue
			}
			w.inside = true
			inner(pass)
			w.inside = false
			if w.stopped {
				return
			}
		}
	}
}

// Walk calls fn for each item, and returns a stream of all that fn emits: nothing,
// one item or many. Once emit returns false nobody wants more, and fn should
// return; to emit nevertheless does nothing. It panics to call emit later than fn
// returns. Unlike [FlatMap], Walk allocates nothing per item.
func (s Stream[T]) Walk(fn func(item T, emit func(T) bool)) Stream[T] {
	if s == nil || fn == nil {
		panic("fx: Walk needs a stream and a func")
	}
	return func(yield func(T) bool) {
		w := walk[T]{yield: yield}
		emit := w.emit
		for v := range s {
			w.inside = true
			fn(v, emit)
			w.inside = false
			if w.stopped {
				return
			}
		}
	}
}

// A walk is one run of a stage whose func yields by itself.
type walk[T any] struct {
	yield   func(T) bool
	inside  bool // the func is being called
	stopped bool // nobody wants more
}

func (w *walk[T]) emit(v T) bool {
	if !w.inside {
		panic("fx: emit or yield called after the func of Walk or FlatMap has returned")
	}
	if !w.stopped {
		// It is over also if yield does not return: fn may recover.
		w.stopped = true
		w.stopped = !w.yield(v)
	}
	return !w.stopped
}

// pass is emit for iterators, which have to end when they are told to.
func (w *walk[T]) pass(v T) bool {
	if w.stopped {
		panic("fx: an iterator of FlatMap goes on after yield has returned false")
	}
	return w.emit(v)
}
