package collection

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// atATime is how many entries are sorted before others get the lock: some
// 20 µs worth.
const atATime = 256

// A clockwork drives hierarchies by the clock. Ticks are counted from when it was
// made, in monotonic time. It has one runtime timer, set for the tick at which the
// next slot of any shard comes up, and none while nothing is pending.
type clockwork[T any] struct {
	clockworkOptions[T]
	start  time.Time // of tick 0
	shards []shard[T]
	shift  int // of hashes; see number
	_      [64]byte

	sets   atomic.Uint32 // turns given
	_      [64]byte
	living atomic.Int64 // shards in which something is pending
	// armed is the tick for which alarm is set, never if it is not, and 0 while it
	// must not be: while somebody advances, and once all is closed. Until that tick
	// comes, no slot does. It is written under mu.
	armed atomic.Uint64

	// mu guards what follows. It is taken after a shard's; who has it may at most try
	// to get one. No callback runs and nobody waits under either.
	mu     sync.Mutex
	alarm  *time.Timer // made when first needed, so that its bubble is the user's
	waking bool        // somebody advances
	closed bool
	// ready is what is due, in order. To be put in or taken out, an entry needs the
	// lock of its shard, too.
	ready    pendingList[T]
	readies  int    // how many are in it
	era      uint32 // how often all of it was taken out; see hierarchy
	crew     crew
	fired    uint64
	panicked uint64
}

type clockworkOptions[T any] struct {
	name    string
	tick    uint64            // nanoseconds
	workers int               // at most so many callbacks at a time
	act     func(*pending[T]) // the callback; called without a lock
	// hash tells the shard of an entry, and does not change.
	hash func(*pending[T]) uint32
	// turn counts the Sets up to that of an entry: of two that are due at the same
	// tick in two shards, the one with less is first. As with all that wraps around,
	// that holds for entries with fewer than 1<<31 Sets between them.
	turn func(*pending[T]) uint32
	// renew gives an entry its turn, and forget is called when it is pending no more,
	// both with the shard's lock. What has neither has its turn for good, and is never
	// drained.
	renew   func(p *pending[T], turn uint32)
	forget  func(*pending[T])
	onPanic func(*weir.Panic) // may be nil
}

func (c *clockwork[T]) init(o clockworkOptions[T]) {
	c.clockworkOptions = o
	c.start = time.Now()
	log := shardsFor(runtime.GOMAXPROCS(0))
	c.shift = 32 - log
	c.shards = make([]shard[T], 1<<log)
	for i := range c.shards {
		c.shards[i].hierarchy = newHierarchy[T](math.MaxUint64 / o.tick)
		c.shards[i].soonest = never
		c.shards[i].kept = o.renew == nil
	}
	c.armed.Store(never)
}

// elapsed reads the clock. What was made outside a synctest bubble finds the
// clock inside far behind its start.
func (c *clockwork[T]) elapsed() uint64 { return uint64(max(time.Since(c.start), 0)) }

// tickOf returns the first tick that is not before d from now, and without a delay
// one that has come.
func (c *clockwork[T]) tickOf(now uint64, d time.Duration) uint64 {
	if d <= 0 {
		return now / c.tick
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

// add makes p, of shard s, pending. Whoever calls this or what follows holds the
// lock of s, and has read the clock before.
func (c *clockwork[T]) add(s *shard[T], p *pending[T], now uint64, d time.Duration) {
	if s.added++; p.note == dead {
		s.pending++
		p.note = misfiled
		c.move(s, p, now, d)
		return
	}
	s.keepUp(now / c.tick)
	if s.pending++; s.pending == 1 {
		c.living.Add(1) // before anybody looks at armed
	}
	p.tick = c.tickOf(now, d)
	c.line(p)
	c.link(s, p)
}

func (c *clockwork[T]) link(s *shard[T], p *pending[T]) {
	if at := s.link(p); at == 0 {
		c.dispatch(s, p)
	} else {
		c.expect(s, at)
	}
}

func (c *clockwork[T]) unlink(s *shard[T], p *pending[T]) {
	if p.slot != readySlot {
		s.unlink(p)
		return
	}
	c.mu.Lock()
	c.unready(p)
	c.mu.Unlock()
}

// expect sees to it that a slot of s which was linked to is noticed when it comes
// up.
func (c *clockwork[T]) expect(s *shard[T], at uint64) {
	if s.soonest = min(s.soonest, at); at < c.armed.Load() {
		c.mu.Lock()
		c.arm(at)
		c.mu.Unlock()
	}
}

// arm is called with mu.
func (c *clockwork[T]) arm(at uint64) {
	if at >= c.armed.Load() {
		return
	}
	c.armed.Store(at)
	if c.alarm == nil {
		c.alarm = time.AfterFunc(c.left(at), c.wake)
	} else {
		c.alarm.Reset(c.left(at))
	}
}

// disarm stops the alarm if nothing is pending. It is called with mu, whenever a
// shard has become empty.
func (c *clockwork[T]) disarm() {
	at := c.armed.Load()
	if at == 0 || at == never {
		return // left to the one that advances, or not set
	}
	// An add that this does not count finds no alarm, and waits for mu to set it.
	if c.armed.Store(never); c.living.Load() != 0 {
		c.armed.Store(at)
		return
	}
	c.alarm.Stop()
}

// end makes p, which is unlinked or put off, pending no more. It returns whether
// nothing else is: then disarm has to be called.
func (c *clockwork[T]) end(s *shard[T], p *pending[T]) (last bool) {
	if c.forget != nil {
		c.forget(p)
	}
	if s.pending--; s.pending > 0 {
		return false
	}
	if s.tidy(); s.soonest != 0 {
		s.soonest = never
	}
	return c.living.Add(-1) == 0
}

// finish is end for whoever does not hold mu.
func (c *clockwork[T]) finish(s *shard[T], p *pending[T]) {
	if c.end(s, p) {
		c.mu.Lock()
		c.disarm()
		c.mu.Unlock()
	}
}

// remove makes p, which is pending, pending no more, and lets go of it.
func (c *clockwork[T]) remove(s *shard[T], p *pending[T]) {
	if p.note != inOrder {
		s.withdraw(p)
	}
	c.unlink(s, p)
	p.slot = noSlot
	c.finish(s, p)
}

// abandon is remove for a p that may stay linked for a while.
func (c *clockwork[T]) abandon(s *shard[T], p *pending[T]) {
	if !s.putsOff(p) {
		c.remove(s, p)
		return
	}
	s.putOff(p, dead)
	c.finish(s, p)
}

// postpone gives p, which is pending, another delay, and the place behind what was
// set with that before.
func (c *clockwork[T]) postpone(s *shard[T], p *pending[T], now uint64, d time.Duration) {
	tick := c.tickOf(now, d)
	if s.stay(p, tick) {
		return
	}
	s.keepUp(now / c.tick)
	c.unlink(s, p)
	p.tick = tick
	c.line(p)
	c.link(s, p)
}

// line puts p behind all that was set before.
func (c *clockwork[T]) line(p *pending[T]) {
	if c.renew != nil {
		c.renew(p, uint32(c.sets.Add(1)))
	}
}

// move is postpone where it does not matter what is due first, so that it can be put
// off. The turn stays as it is: what lies behind p was set later, so nothing in
// another shard overtakes that.
func (c *clockwork[T]) move(s *shard[T], p *pending[T], now uint64, d time.Duration) {
	tick := c.tickOf(now, d)
	if s.stay(p, tick) {
		return
	}
	s.keepUp(now / c.tick)
	at := s.comesUp(tick)
	if at == 0 || !s.putsOff(p) {
		c.postpone(s, p, now, d)
		return
	}
	p.tick = tick
	s.putOff(p, misfiled)
	c.expect(s, at)
}
