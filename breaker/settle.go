package breaker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir"
)

// leave settles a call that returned err.
func (b *Breaker) leave(ctx context.Context, start int64, err error) {
	if err == nil {
		b.succeeded(b.now(), start)
		return
	}
	outcome := b.opts.Classify(err)
	now := b.now()
	switch {
	case outcome == weir.Success:
		b.succeeded(now, start)
	case outcome == weir.Ignored, outcome == weir.Failure && b.hurried(ctx, err, now-start):
		b.ignored.Add(1)
	default:
		b.failed(now, start, err.Error())
		if outcome > weir.Overloaded {
			panic("breaker: Options.Classify returned an unknown " + outcome.String())
		}
	}
}

// A ticket is what a permit of the breaker refers to.
type ticket struct {
	weir.Slot
	b     *Breaker
	ctx   context.Context
	start int64
}

// tickets holds those that no permit refers to. One whose permit is forgotten is
// garbage, like the permit.
var tickets = sync.Pool{New: func() any {
	t := new(ticket)
	t.Bind(t)
	return t
}}

func newTicket(b *Breaker, ctx context.Context, start int64) weir.Permit {
	t := tickets.Get().(*ticket)
	t.b, t.ctx, t.start = b, ctx, start
	return t.Issue()
}

// Settle implements [weir.Settler].
func (t *ticket) Settle(o weir.Outcome) {
	b, ctx, start := t.b, t.ctx, t.start
	t.b, t.ctx = nil, nil
	tickets.Put(t)
	now := b.now()
	switch {
	case o == weir.Success:
		b.succeeded(now, start)
	case o == weir.Ignored, o == weir.Failure && b.hurried(ctx, nil, now-start):
		b.ignored.Add(1)
	case o == weir.Overloaded:
		b.failed(now, start, reasonOverloaded)
	default:
		b.failed(now, start, reasonFailed)
	}
}

// hurried reports whether a call failed because it had less time than successes
// usually take.
func (b *Breaker) hurried(ctx context.Context, err error, took int64) bool {
	return took < b.usual.duration.Load() &&
		(ctx.Err() == context.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded))
}

func (b *Breaker) succeeded(now, start int64) {
	if slow := int64(b.opts.SlowCall); slow > 0 && now-start > slow {
		b.failed(now, start, reasonSlow)
		return
	}
	mode := b.mode.Load()
	if mode&disabled != 0 {
		return
	}
	epoch := b.window.epoch(now)
	b.window.add(accepted, epoch)
	b.usual.learn(now-start, epoch)
	b.streak.end()
	if mode&tripped != 0 {
		b.probed(now, start, true)
	} else if verdict(b.verdict.Load()).ratio() > 0 {
		b.judge(now, epoch)
	}
}

func (b *Breaker) failed(now, start int64, reason string) {
	mode := b.mode.Load()
	if mode&disabled != 0 {
		return
	}
	epoch := b.window.epoch(now)
	b.window.add(failed, epoch)
	b.because(reason, now)
	if mode&tripped != 0 {
		b.probed(now, start, false)
		return
	}
	length, lasted := b.streak.extend(now)
	if b.opts.TripAfter > 0 && length >= uint32(b.opts.TripAfter) && lasted >= b.opts.TripDelay &&
		b.opts.improbable(length, b.window.history(epoch)) {
		b.trip(now)
		return
	}
	b.judge(now, epoch)
}

// usual is how long successes usually take: a moving quantile near the first
// quartile, since it falls four times as fast as it rises. It learns from one
// success per epoch at most, which is plenty, and keeps the word it lives in from
// being fought for.
type usual struct {
	duration atomic.Int64 // in nanoseconds
	learnt   atomic.Uint32
}

func (u *usual) learn(took int64, epoch uint32) {
	if u.learnt.Load() == epoch {
		return
	}
	u.learnt.Store(epoch)
	known := u.duration.Load()
	switch {
	case known == 0:
		known = took
	case took < known:
		known -= (known - took) / 4
	default:
		known += (took - known) / 16
	}
	u.duration.Store(known)
}
