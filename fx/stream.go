package fx

import (
	"context"
	"iter"
)

// A Stream is a sequence of items that are made when somebody asks for them. It
// is an [iter.Seq] with methods: `for v := range stream` runs it, and so do the
// methods that return something else than a stream. What returns a stream starts
// nothing; it adds a stage to be run later.
//
// All stages run in the goroutine that ranges, one item at a time, in order, but
// for [Stream.Buffer] and [Merge]. To break out of the range ends the source at
// once: it is asked for no more than was needed. A panic of the source, of a func
// given to a stage, or of the loop's body goes through all of them as through any
// call. A stage allocates when the stream is run, and nothing per item; what has
// to keep items says so.
//
// A stream runs as often as it is ranged over, as far as its source can; of a
// channel, each run takes what is there. It may be copied and is as safe for
// concurrent use as its source and funcs are. Nil streams and nil funcs panic when
// the stage is added.
type Stream[T any] iter.Seq[T]

// From returns seq as a stream.
func From[T any](seq iter.Seq[T]) Stream[T] {
	if seq == nil {
		panic("fx: From needs a sequence")
	}
	return Stream[T](seq)
}

// Just returns a stream of the items, which are not copied: Just(items...) streams
// a slice.
func Just[T any](items ...T) Stream[T] {
	return func(yield func(T) bool) {
		for _, v := range items {
			if !yield(v) {
				return
			}
		}
	}
}

// Range returns a stream of what is received from source, until that is closed.
// While source is empty, whoever ranges waits; [FromChan] can be cancelled.
func Range[T any](source <-chan T) Stream[T] {
	if source == nil {
		panic("fx: Range needs a channel")
	}
	return func(yield func(T) bool) {
		for v := range source {
			if !yield(v) {
				return
			}
		}
	}
}

// FromChan returns a stream of what is received from source, until that is closed
// or ctx is done. Afterwards ctx tells which of the two it was.
func FromChan[T any](ctx context.Context, source <-chan T) Stream[T] {
	if source == nil {
		panic("fx: FromChan needs a channel")
	}
	return func(yield func(T) bool) {
		for {
			v, more, _ := receive(ctx, source, nil)
			if !more || !yield(v) {
				return
			}
		}
	}
}

// Seq returns the stream as the plain type that package [slices] and others take.
func (s Stream[T]) Seq() iter.Seq[T] {
	s.must()
	return iter.Seq[T](s)
}

func (s Stream[T]) must() {
	if s == nil {
		panic("fx: a nil Stream; the empty one is Just")
	}
}
