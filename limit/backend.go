package limit

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/weirgo/weir/internal/ctxerr"
)

// plainName writes names without colons, so that the first one ends the name, and
// no key of "a" is one of "a:b". A Memory does not mix them up.
var plainName = strings.NewReplacer(":", "%3A", "%", "%25")

// A backend is where a limiter's decisions are made: in a Memory, seen through
// view, or behind a door.
type backend struct {
	view view
	door *door // nil if the store is a Memory

	allowed, refused atomic.Uint64 // behind the door
}

func (b *backend) init(name string, o doorOptions) {
	memory, ok := o.store.(*Memory)
	if o.store == nil {
		b.view = ownView()
		return
	}
	if ok {
		b.view = newView(memory, name)
		return
	}
	prefix := ""
	if name != "" {
		prefix = plainName.Replace(name) + ":"
	}
	b.door = newDoor(prefix, o)
}

// check returns what forbids to ask at all.
func check(ctx context.Context, key string, n int) error {
	switch {
	case ctx.Err() != nil:
		return ctxerr.Err(ctx)
	case key == "" || len(key) > MaxKey:
		return ErrKey
	case n < 0:
		return ErrCost
	}
	return nil
}

// counted is what is made of an answer from behind the door.
func (b *backend) counted(n int, t Taken, degraded bool, err error) (Decision, error) {
	if err != nil {
		return Decision{}, err
	}
	b.count(n, t.OK)
	return decisionOf(t, degraded), nil
}

func (b *backend) count(n int, ok bool) {
	switch {
	case n <= 0:
	case ok:
		b.allowed.Add(1)
	default:
		b.refused.Add(1)
	}
}

// forNothing makes of a look a decision about no events: they always fit.
func forNothing(d Decision, err error) (Decision, error) {
	if err == nil {
		d.Allowed, d.RetryAfter = true, 0
	}
	return d, err
}
