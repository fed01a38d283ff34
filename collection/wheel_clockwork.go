package collection

import (
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/weirgo/weir"
)

// atATime is how many entries are sorted before others get the lock: some
// 20 µs worth.
const atATime = 256

// A clockwork drives a hierarchy by the clock. Ticks are counted from when it
// was made, in monotonic time. It has one runtime timer, set for the tick at
// which the next slot comes up, and none while nothing is pending.
type clockwork[T any] struct {
	clockworkOptions[T]
	start time.Time // of tick 0

	// mu guards everything below. No callback runs and nobody waits under it.
	mu sync.Mutex
	hierarchy[T]
	alarm *time.Timer // made when first needed, so that its bubble is the user's
	// soonest is the tick for which alarm is set, never if it is not, and 0 while
	// it must not be: as long as somebody advances, and once all is closed. Until
	// that tick comes, no slot does.
	soonest uint64
	closed  bool
	pending int // entries linked here or taken by a drain that has yet to hand them out
	crew    crew
	clockworkCounts
}

type clockworkOptions[T any] struct {
	name    string
	tick    uint64            // nanoseconds
	workers int               // at most so many callbacks at a time
	act     func(*pending[T]) // the callback; called without the lock
	forget  func(*pending[T]) // called with it, when an entry is pending no more; may be nil
	onPanic func(*weir.Panic) // may be nil
}

// clockworkCounts only grow: added is fired + removed + drained + pending.
type clockworkCounts struct {
	added, fired, removed, drained, panicked uint64
}

func (c *clockwork[T]) init(o clockworkOptions[T]) {
	c.clockworkOptions = o
	c.start = time.Now()
	c.hierarchy = newHierarchy[T](math.MaxUint64 / o.tick)
	c.soonest = never
}

// elapsed reads the clock. What was made outside a synctest bubble finds the
// clock inside far behind its start.
func (c *clockwork[T]) elapsed() uint64 { return uint64(max(time.Since(c.start), 0)) }

// tickOf returns the first tick that is not before d from now.
func (c *clockwork[T]) tickOf(now uint64, d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return (now+uint64(d)-1)/c.tick + 1 // both are below 1<<63
}

// left returns how long it is until a tick.
func (c *clockwork[T]) left(tick uint64) time.Duration {
	now := c.elapsed()
	if tick <= now/c.tick {
		return 0
	}
	return time.Duration(min(tick*c.tick-now, math.MaxInt64))
}

// add makes p pending. Whoever calls this or what follows holds mu, and has read
// the clock before.
func (c *clockwork[T]) add(p *pending[T], now uint64, d time.Duration) {
	c.keepUp(now)
	c.pending++
	c.added++
	p.tick = c.tickOf(now, d)
	c.expect(c.link(p))
}

// remove makes p, which is pending, pending no more.
func (c *clockwork[T]) remove(p *pending[T]) {
	c.unlink(p)
	if c.forget != nil {
		c.forget(p)
	}
	if c.pending--; c.pending == 0 {
		c.disarm()
	}
}

// postpone gives p, which is pending, another delay.
func (c *clockwork[T]) postpone(p *pending[T], now uint64, d time.Duration) {
	if tick := c.tickOf(now, d); !c.stay(p, tick) {
		c.keepUp(now)
		c.unlink(p)
		p.tick = tick
		c.expect(c.link(p))
	}
}

// keepUp makes now the current tick, where no slot comes up until then. Without
// it, what is added after a quiet time would lie far too high.
func (c *clockwork[T]) keepUp(now uint64) {
	if tick := now / c.tick; tick < c.soonest && c.soonest != 0 {
		c.now = max(c.now, tick)
	}
}

// expect sees to it that a slot which was linked to is noticed when it comes up.
func (c *clockwork[T]) expect(at uint64) {
	if at == 0 {
		c.call()
	} else if at < c.soonest {
		c.arm(at)
	}
}

func (c *clockwork[T]) arm(at uint64) {
	c.soonest = at
	if c.alarm == nil {
		c.alarm = time.AfterFunc(c.left(at), c.wake)
	} else {
		c.alarm.Reset(c.left(at))
	}
}

// disarm stops the alarm where nothing is linked.
func (c *clockwork[T]) disarm() {
	if c.soonest == 0 || c.soonest == never {
		return // not set, or left to the one that advances
	}
	c.alarm.Stop()
	c.soonest = never
}

// wake is what the alarm calls, in a goroutine of its own. It advances by the
// clock, not by ticks, so that what was missed is made up for. Called too early,
// or more than once, it does no harm.
func (c *clockwork[T]) wake() {
	me, to := goroutine(), c.elapsed()/c.tick
	c.mu.Lock()
	if c.soonest == 0 {
		c.mu.Unlock()
		return
	}
	c.soonest = 0
	for !c.advance(to, atATime) {
		c.call()
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return
		}
	}
	c.soonest = never
	if at, _, _ := c.next(); at != never {
		c.arm(at)
	} else {
		c.alarm.Stop() // it may have been set again since it called
	}
	c.join(me)
}
