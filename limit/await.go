package limit

import (
	"context"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// await returns w's permit, or why there is none.
func (l *Concurrency) await(ctx context.Context, w *waiter) (weir.Permit, error) {
	p, granted := l.wait(ctx, w)
	switch {
	case ctx.Err() != nil: // wins, whatever else happened at the same moment
		p.Done(weir.Ignored) // the permit, if there is one, goes to the next in line
		return weir.Permit{}, ctxerr.Err(ctx)
	case !granted:
		l.timedOut.Add(1)
		return weir.Permit{}, ErrQueueTimeout
	}
	return p, nil
}

// wait returns when w is granted its permit, MaxWait is over, or ctx is done. If
// it returns false, w has left the queue.
func (l *Concurrency) wait(ctx context.Context, w *waiter) (weir.Permit, bool) {
	select {
	case p := <-w.granted: // often already there; saves the timers
		return p, true
	default:
	}
	var timeout, sweep <-chan time.Time
	if l.opts.MaxWait > 0 {
		timer := time.NewTimer(l.opts.MaxWait)
		defer timer.Stop()
		timeout = timer.C
	}
	if l.reclaim.needs(l.opts.MaxWait) {
		ticker := time.NewTicker(l.reclaim.pause)
		defer ticker.Stop()
		sweep = ticker.C
	}
	for {
		select {
		case p := <-w.granted:
			return p, true
		case <-sweep:
			l.reclaim.sweep(&l.slots)
			continue
		case <-ctx.Done():
		case <-timeout:
		}
		if l.leave(w) {
			return weir.Permit{}, false
		}
		return <-w.granted, true // granted at the last moment
	}
}
