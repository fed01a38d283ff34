package fx

import (
	"context"
	"time"
)

// Split returns a stream of the items in slices of n, of which the last one may be
// shorter. Each slice belongs to who gets it.
func Split[T any](s Stream[T], n int) Stream[[]T] {
	if s == nil || n < 1 {
		panic("fx: Split needs a stream and a size of at least 1")
	}
	return ChunkWeight(s, n, func(T) int { return 1 })
}

// ChunkWeight returns a stream of the items in slices that weigh no more than limit
// each, in whatever weight measures, such as bytes. An item that alone weighs more
// makes a slice of its own. A slice that is full comes at once, and belongs to who
// gets it. A negative weight panics.
func ChunkWeight[T any](s Stream[T], limit int, weight func(T) int) Stream[[]T] {
	if s == nil || limit < 1 || weight == nil {
		panic("fx: ChunkWeight needs a stream, a limit of at least 1 and a func")
	}
	return func(yield func([]T) bool) {
		c := chunk[T]{yield: yield}
		room := limit
		for v := range s {
			w := weight(v)
			if w < 0 {
				panic("fx: a weight must not be negative")
			}
			if w > room {
				if !c.flush() {
					return
				}
				room = limit
			}
			c.add(v)
			if room -= w; room > 0 {
				continue
			}
			if !c.flush() {
				return
			}
			room = limit
		}
		c.flush()
	}
}

// ChunkTime returns a stream of what is received from source in slices of n, or of
// what there is when the first item of the slice has waited for d. It ends when
// source is closed or ctx is done, in both cases with a slice of what was received
// until then. Each slice belongs to who gets it. While the loop's body works,
// nothing is received. No goroutine and no timer runs while no item waits.
func ChunkTime[T any](ctx context.Context, source <-chan T, n int, d time.Duration) Stream[[]T] {
	if source == nil || n < 1 || d <= 0 {
		panic("fx: ChunkTime needs a channel, a size of at least 1 and a time above 0")
	}
	return func(yield func([]T) bool) {
		c := chunk[T]{yield: yield}
		for {
			v, more, _ := receive(ctx, source, nil)
			if !more {
				return
			}
			c.add(v)
			open := c.fill(ctx, source, n, d)
			if !c.flush() || !open {
				return
			}
		}
	}
}

// A chunk is a slice to which items are added until it is handed on.
type chunk[T any] struct {
	items []T
	usual int // the length of the last one: what to make room for
	yield func([]T) bool
}

func (c *chunk[T]) add(v T) {
	if c.items == nil {
		c.items = make([]T, 0, max(1, c.usual))
	}
	c.items = append(c.items, v)
}

// flush hands the chunk on, unless it is empty.
func (c *chunk[T]) flush() bool {
	if len(c.items) == 0 {
		return true
	}
	full := c.items
	c.items, c.usual = nil, len(full)
	return c.yield(full)
}

// fill adds what comes until there are n items or d has passed. It reports whether
// more may come later.
func (c *chunk[T]) fill(ctx context.Context, source <-chan T, n int, d time.Duration) bool {
	if len(c.items) == n {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for len(c.items) < n {
		v, more, late := receive(ctx, source, timer.C)
		if !more {
			return late
		}
		c.add(v)
	}
	return true
}
