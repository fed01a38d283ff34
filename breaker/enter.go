package breaker

import (
	"context"

	"github.com/weirgo/weir/internal/ctxerr"
)

// An attempt is a call that was let through.
type attempt struct {
	start int64 // when it began
	// spared says that it would have been refused, but for DryRun. What becomes
	// of it is counted, and moves nothing: without DryRun nobody would know.
	spared bool
}

// enter admits a call, or says why not.
func (b *Breaker) enter(ctx context.Context) (attempt, error) {
	if ctx.Err() != nil {
		return attempt{}, ctxerr.Err(ctx)
	}
	now := b.now()
	if mode := b.mode.Load(); mode&^dryRun != 0 {
		return b.enterSpecial(now, mode)
	}
	if v := b.current(now); v.ratio() > 0 && !b.probes.lease(now) {
		return b.throttle(now, v)
	}
	return attempt{start: now}, nil
}

// enterSpecial is enter for a breaker that is open, forced open or disabled.
func (b *Breaker) enterSpecial(now int64, mode uint32) (attempt, error) {
	switch {
	case mode&disabled != 0:
		return attempt{start: now}, nil
	case mode&forcedOpen != 0 || !b.probes.due(now):
		return b.refuse(now, mode, ErrOpen)
	case b.probes.lapsed(now, b.opts.Window):
		b.close(now)
		return attempt{start: now}, nil
	case b.probes.lease(now):
		return attempt{start: now}, nil
	}
	return b.refuse(now, mode, ErrOpen)
}

// throttle refuses a call with the probability that v demands.
func (b *Breaker) throttle(now int64, v verdict) (attempt, error) {
	if !v.refuses() {
		b.probes.postpone(now)
		return attempt{start: now}, nil
	}
	b.window.add(refused, b.window.epoch(now))
	return b.refuse(now, b.mode.Load(), ErrThrottled)
}

func (b *Breaker) refuse(now int64, mode uint32, err error) (attempt, error) {
	if mode&dryRun != 0 {
		b.spared.Add(1)
		return attempt{start: now, spared: true}, nil
	}
	b.denied.Add(1)
	return attempt{}, err
}
