package breaker

import (
	"sync/atomic"
	"time"
)

// probes meters out the calls that an open breaker lets through. A probe holds
// nothing that it could forget to give back: it has moved the time of the next
// one, and that is all.
type probes struct {
	next      atomic.Int64 // when the next probe may go
	interval  atomic.Int64 // from one probe to the next
	since     atomic.Int64 // when the breaker last opened; earlier calls are no probes
	successes atomic.Int64 // in a row
}

// start begins probing, one interval from now.
func (p *probes) start(now int64, interval time.Duration) {
	p.interval.Store(int64(interval))
	p.successes.Store(0)
	p.since.Store(now)
	p.next.Store(now + int64(interval))
}

// due reports whether it is time for a probe.
func (p *probes) due(now int64) bool { return now >= p.next.Load() }

// lease reports whether the caller may be a probe. Of all who ask when one is
// due, one may.
func (p *probes) lease(now int64) bool {
	next := p.next.Load()
	return now >= next && p.next.CompareAndSwap(next, now+p.interval.Load())
}

// postpone puts the next probe off, because a call went through anyway.
func (p *probes) postpone(now int64) { p.next.Store(now + p.interval.Load()) }

// lapsed reports whether a probe has been due for a whole window and nobody came
// to be it.
func (p *probes) lapsed(now int64, window time.Duration) bool {
	return now-p.next.Load() > int64(window)
}

// probed is told how a call ended that was admitted while the breaker was open,
// or before.
func (b *Breaker) probed(now, start int64, worked bool) {
	p := &b.probes
	if start <= p.since.Load() {
		return
	}
	if !worked {
		p.successes.Store(0)
		interval := max(p.interval.Load(), int64(b.opts.ProbeInterval))
		p.next.Store(now + interval)
		p.interval.Store(min(2*interval, int64(b.opts.MaxProbeInterval)))
		return
	}
	n := p.successes.Add(1)
	if n >= int64(b.opts.ProbeSuccesses) {
		b.close(now)
		return
	}
	// Good news: the next call may follow at once, and should it be slow,
	// another one soon.
	p.interval.Store(int64(b.opts.ProbeInterval) >> min(2*n, 8))
	p.next.Store(now)
}
