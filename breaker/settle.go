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
		b.succeeded(start)
		return
	}
	outcome := b.opts.Classify(err)
	now := b.now()
	switch {
	case outcome == weir.Success:
		b.succeeded(start)
	case outcome == weir.Ignored, outcome == weir.Failure && b.hurried(ctx, err, now-start):
		b.ignore()
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
	ctx   context.Context // of the call, for as long as it lasts
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
	if o == weir.Success {
		b.succeeded(start)
		return
	}
	now := b.now()
	switch {
	case o == weir.Ignored, o == weir.Failure && b.hurried(ctx, nil, now-start):
		b.ignore()
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

// succeeded counts a success. Where all is well and others have succeeded lately,
// it saves the clock reading, which would be a third of the cost of the call.
func (b *Breaker) succeeded(start int64) {
	// A verdict is renewed by the first call that begins in an epoch, so its epoch
	// is the current one, unless nobody has called since that was over. Then the
	// success is dated back to it.
	v := verdict(b.verdict.Load())
	if v.ratio() > 0 || b.usual.learnt.Load() != v.epoch() || b.opts.SlowCall > 0 || b.mode.Load() != 0 {
		b.succeededAt(b.now(), start)
		return
	}
	b.window.add(accepted, v.epoch())
	b.streak.end()
}

func (b *Breaker) succeededAt(now, start int64) {
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
	b.because(reason, now)
	if start <= b.probes.since.Load() {
		// The breaker has opened since the call began, and may be closed again:
		// what it waited for in vain has been judged.
		b.window.retired[failed].Add(1)
		return
	}
	epoch := b.window.epoch(now)
	b.window.add(failed, epoch)
	if mode&tripped != 0 {
		b.probed(now, start, false)
		return
	}
	if b.fatal(now, epoch) {
		b.trip(now)
		return
	}
	b.judge(now, epoch)
}

// fatal reports whether the failure just counted is one too many in a row.
func (b *Breaker) fatal(now int64, epoch uint32) bool {
	length, lasted := b.streak.extend(now)
	if b.opts.TripAfter < 0 || int(length) < b.opts.TripAfter || lasted < b.opts.TripDelay {
		return false
	}
	h := b.window.history(epoch)
	if h.accepted+h.failed <= 1 && length > 1 { // the rest is older than the window
		b.streak.end()
		b.streak.extend(now)
		return false
	}
	return b.opts.improbable(length, h)
}

func (b *Breaker) ignore() {
	if b.mode.Load()&disabled == 0 {
		b.ignored.Add(1)
	}
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
