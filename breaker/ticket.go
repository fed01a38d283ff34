package breaker

import (
	"context"
	"sync"

	"github.com/weirgo/weir"
)

// A ticket is what a permit of the breaker refers to.
type ticket struct {
	weir.Slot
	b       *Breaker
	ctx     context.Context // of the call, for as long as it lasts
	attempt attempt
}

// tickets holds those that no permit refers to. One whose permit is forgotten is
// garbage, like the permit.
var tickets = sync.Pool{New: func() any {
	t := new(ticket)
	t.Bind(t)
	return t
}}

func newTicket(b *Breaker, ctx context.Context, a attempt) weir.Permit {
	t := tickets.Get().(*ticket)
	t.b, t.ctx, t.attempt = b, ctx, a
	return t.Issue()
}

// Settle implements [weir.Settler].
func (t *ticket) Settle(o weir.Outcome) {
	b, ctx, a := t.b, t.ctx, t.attempt
	t.b, t.ctx = nil, nil
	tickets.Put(t)
	if o == weir.Success {
		b.succeeded(a)
		return
	}
	now := b.now()
	switch {
	case o == weir.Ignored, o == weir.Failure && b.callersDoing(ctx, nil, now, a):
		b.ignore()
	case o == weir.Overloaded:
		b.failed(now, a, reasonOverloaded, nil)
	default:
		b.failed(now, a, reasonFailed, nil)
	}
}
