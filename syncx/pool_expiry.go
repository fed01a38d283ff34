package syncx

import (
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/panics"
)

// A fate is why a resource is destroyed.
type fate int

const (
	fateIdle fate = iota
	fateLifetime
	fateUnhealthy
	fateDiscarded
	fateSurplus
	fateClosed
	fates
)

// fateLocked says whether e, which is given back, is to be destroyed, and why.
func (p *Pool[T]) fateLocked(e *entry[T], now time.Duration) (f fate, destroy bool) {
	switch {
	case p.closed:
		return fateClosed, true
	case e.expires <= now:
		return fateLifetime, true
	case p.idle.len >= p.opts.MaxIdle && p.line.head == nil:
		return fateSurplus, true
	}
	return 0, false
}

// expectLocked sees to it that e, which is idle from now on, ends in time.
func (p *Pool[T]) expectLocked(e *entry[T], now time.Duration) {
	e.due = e.expires
	if idle := p.opts.MaxIdleTime; idle > 0 {
		e.due = min(e.due, after(now, idle))
	}
	p.armLocked(e.due, now)
}

// armLocked sets the alarm, unless it rings before anyway. It is left as it is
// when an item is lent: so those who lend and give back pay for it once per
// MaxIdleTime at most.
func (p *Pool[T]) armLocked(at, now time.Duration) {
	if at >= p.rings {
		return
	}
	p.rings = at
	if p.alarm == nil {
		p.alarm = time.AfterFunc(at-now, p.expire)
	} else {
		p.alarm.Reset(at - now)
	}
}

// expire destroys what has been idle for too long, or is too old, and sets the
// alarm for the next.
func (p *Pool[T]) expire() {
	now := p.now()
	p.mu.Lock()
	p.rings = never
	next, dead := never, (*entry[T])(nil)
	for e := p.idle.top; e != nil; {
		below := e.next
		if e.due <= now {
			p.condemnLocked(e.reason(now))
			p.idle.removeLocked(e)
			e.next, dead = dead, e
		} else {
			next = min(next, e.due)
		}
		e = below
	}
	p.armLocked(next, now)
	p.mu.Unlock()
	p.destroyAll(dead)
}

// destroyAll ends a list of what was condemned, the first one first, where nobody
// waits for it.
func (p *Pool[T]) destroyAll(dead *entry[T]) {
	defer func() {
		if dead != nil { // Destroy has ended the goroutine
			go p.destroyAll(dead)
		}
	}()
	for dead != nil {
		e := dead
		dead, e.next = e.next, nil
		p.destroyAlone(e)
	}
}

func (p *Pool[T]) destroyAlone(e *entry[T]) {
	defer func() {
		if v := recover(); v != nil {
			p.report(weir.CaughtPanic(v))
		}
	}()
	p.destroy(e)
}

func (p *Pool[T]) report(caught *weir.Panic) {
	if p.opts.OnPanic != nil {
		p.opts.OnPanic(caught)
		return
	}
	panics.Log("syncx: panic in the Destroy of a Pool", caught.Value, caught.Stack)
}
