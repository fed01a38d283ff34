package syncx

import (
	"math"
	"math/rand/v2"
	"time"
)

// An Item is a resource that was taken from a [Pool], to be ended by exactly one
// Put or Discard of that pool. It is a small value that may be copied; one of the
// copies is given back, and the others are worth nothing afterwards.
type Item[T any] struct {
	// Value is what Create has returned, or what the last holder has put back. It
	// may be written to; but a deferred Put gives back what it was when the Put was
	// deferred.
	Value T

	entry *entry[T]
	turn  uint64 // of the entry when it was lent
}

// An entry is a resource as its pool sees it. While it is idle, the lock of the
// pool guards it, else it belongs to whoever has it.
type entry[T any] struct {
	pool  *Pool[T]
	value T
	// turn counts how often the entry was given back, so that an Item that was
	// given back before is told from the one that is lent now. The lock of the
	// pool guards it, always.
	turn    uint64
	expires time.Duration // when it becomes too old
	due     time.Duration // when it must not be idle any longer
	next    *entry[T]     // below it in the stack, or after it in a list
	prev    *entry[T]
}

// never is later than everything.
const never = time.Duration(math.MaxInt64)

// after returns now + d, never if that is too far.
func after(now, d time.Duration) time.Duration {
	if d > never-now {
		return never
	}
	return now + d
}

func (p *Pool[T]) newEntry(v T) *entry[T] {
	e := &entry[T]{pool: p, value: v, expires: never}
	if life := p.opts.MaxLifetime; life > 0 {
		e.expires = after(p.now(), life-rand.N(life/10+1))
	}
	return e
}

func (e *entry[T]) item() Item[T] { return Item[T]{Value: e.value, entry: e, turn: e.turn} }

// reason says why the entry is past its time.
func (e *entry[T]) reason(now time.Duration) fate {
	if e.expires <= now {
		return fateLifetime
	}
	return fateIdle
}

// A stack holds what is idle: what was put back last is on top, and what has been
// idle for the longest at the bottom. Its zero value is empty.
type stack[T any] struct {
	top *entry[T]
	len int
}

func (s *stack[T]) pushLocked(e *entry[T]) {
	e.next = s.top
	if s.top != nil {
		s.top.prev = e
	}
	s.top = e
	s.len++
}

func (s *stack[T]) removeLocked(e *entry[T]) {
	if e.prev == nil {
		s.top = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	e.next, e.prev = nil, nil
	s.len--
}
