package syncx

import (
	"context"
	"time"
)

// An identity is the context of one load, or the parent of it, and is used for
// no other one: fn may have let its context out to goroutines that outlive it,
// which must neither be taken for a later load nor see the values of its caller.
type identity interface {
	context.Context
	outer() context.Context // of the caller; nil if there is nothing in it
}

type identityKey struct{}

// within reports whether ctx is made of the context of the load id.
func within(ctx context.Context, id identity) bool {
	for ctx != nil {
		i, ok := ctx.Value(identityKey{}).(identity)
		if !ok {
			return false
		}
		if i == id {
			return true
		}
		ctx = i.outer()
	}
	return false
}

// ids makes identities.
type ids struct{ unused []bare }

// idsAtOnce is how many bytes are allocated together: enough to make that rare,
// and so few that a forgotten context holds on to next to nothing.
const idsAtOnce = 256

// newLocked returns the identity of a load that is asked for with ctx.
func (s *ids) newLocked(ctx context.Context) identity {
	if ctx != context.Background() && ctx != context.TODO() {
		return &valued{ctx}
	}
	if len(s.unused) == 0 {
		s.unused = make([]bare, idsAtOnce)
	}
	id := &s.unused[0]
	s.unused = s.unused[1:]
	return id
}

// A bare identity has no values. Nothing but its address matters, so it is a
// byte: one that is nobody else's as long as somebody holds it.
type bare struct{ _ byte }

func (*bare) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*bare) Done() <-chan struct{}       { return nil }
func (*bare) Err() error                  { return nil }
func (*bare) outer() context.Context      { return nil }
func (*bare) String() string              { return "syncx.SingleFlight" }

func (b *bare) Value(key any) any {
	if key == (identityKey{}) {
		return b
	}
	return nil
}

// A valued identity has the values of the caller's context.
type valued struct{ parent context.Context }

func (*valued) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*valued) Done() <-chan struct{}       { return nil }
func (*valued) Err() error                  { return nil }
func (v *valued) outer() context.Context    { return v.parent }

func (v *valued) Value(key any) any {
	if key == (identityKey{}) {
		return v
	}
	return v.parent.Value(key)
}
