package breaker

import (
	"context"
	"errors"
	"time"

	"github.com/weirgo/weir"
)

// leave settles a call that returned err.
func (b *Breaker) leave(ctx context.Context, a attempt, err error) {
	if err == nil {
		b.succeeded(a)
		return
	}
	outcome := b.opts.Classify(err)
	now := b.now()
	switch {
	case outcome == weir.Success:
		b.succeeded(a)
	case outcome == weir.Ignored, outcome == weir.Failure && b.callersDoing(ctx, err, now, a):
		b.ignore()
	default:
		b.failed(now, a, reasonFailed, err)
		if outcome > weir.Overloaded {
			panic("breaker: Options.Classify returned an unknown " + outcome.String())
		}
	}
}

// callersDoing reports whether a call failed because its caller left, or gave it
// less time than successes usually take. There is no err if a permit was settled.
func (b *Breaker) callersDoing(ctx context.Context, err error, now int64, a attempt) bool {
	switch ctx.Err() {
	case context.Canceled:
		if err != nil || !b.atDeadline(ctx, now) {
			return true // whatever the call made of it, such as the cause
		}
	case context.DeadlineExceeded:
	default:
		if !errors.Is(err, context.DeadlineExceeded) {
			return false
		}
	}
	// What counts is the time it had, even if it was slow to notice the end of it.
	had := now - a.start
	if deadline, ok := ctx.Deadline(); ok {
		had = min(had, int64(deadline.Sub(b.epoch))-a.start)
	}
	return had < b.usual.duration.Load()
}

// moment is what two clocks, and what is said between them, may be apart.
const moment = int64(25 * time.Millisecond)

// atDeadline reports whether a call whose context was cancelled ended at its deadline:
// the context of a server is cancelled by a client that gives up when the deadline has
// passed there, a moment before or after it passes here.
func (b *Breaker) atDeadline(ctx context.Context, now int64) bool {
	deadline, ok := ctx.Deadline()
	left := int64(deadline.Sub(b.epoch)) - now
	return ok && -moment <= left && left <= moment
}

// succeeded counts a success. Where all is well and others have succeeded lately,
// it saves the clock reading, which would be a third of the cost of the call.
func (b *Breaker) succeeded(a attempt) {
	// A verdict is renewed by the first call that begins in an epoch, so its epoch
	// is the current one, unless nobody has called since that was over. Then the
	// success is dated back to it.
	v := verdict(b.verdict.Load())
	if v.ratio() > 0 || b.usual.learnt.Load() != v.epoch() || b.opts.SlowCall > 0 || b.mode.Load() != 0 {
		b.succeededAt(b.now(), a)
		return
	}
	b.window.add(accepted, v.epoch())
	b.streak.end()
}

func (b *Breaker) succeededAt(now int64, a attempt) {
	if slow := int64(b.opts.SlowCall); slow > 0 && now-a.start > slow {
		b.failed(now, a, reasonSlow, nil)
		return
	}
	mode := b.mode.Load()
	switch {
	case mode&disabled != 0:
		return
	case a.spared:
		b.window.retired[accepted].Add(1)
		return
	}
	epoch := b.window.epoch(now)
	b.window.add(accepted, epoch)
	b.usual.learn(now-a.start, epoch)
	b.streak.end()
	if mode&tripped != 0 {
		b.probed(now, a.start, true)
	} else if verdict(b.verdict.Load()).ratio() > 0 {
		b.judge(now, epoch)
	}
}

// failed counts a failure: because of err, or for the reason if there is no error.
func (b *Breaker) failed(now int64, a attempt, reason string, err error) {
	mode := b.mode.Load()
	if mode&disabled != 0 {
		return
	}
	if err != nil {
		reason = textOf(err)
	}
	b.because(reason, now) // first: who hears that this opens the breaker wants to know why
	b.countFailure(now, a, mode)
}

func (b *Breaker) countFailure(now int64, a attempt, mode uint32) {
	if a.spared || a.start <= b.probes.since.Load() {
		// The second: the breaker has opened since the call began, and may be
		// closed again. What it waited for in vain has been judged.
		b.window.retired[failed].Add(1)
		return
	}
	epoch := b.window.epoch(now)
	b.window.add(failed, epoch)
	switch {
	case mode&tripped != 0:
		b.probed(now, a.start, false)
	case b.fatal(now, epoch):
		b.trip(now)
	default:
		b.judge(now, epoch)
	}
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
