package load

import (
	"sync"
	"sync/atomic"
	"time"
)

// A control looks at the meter from time to time, asks the law what follows, and
// writes the rules. One of the calls that end does that for all; none waits for it.
type control struct {
	s *Shedder

	reliefAt atomic.Int64 // when a call was let in last although nothing moved
	relieved atomic.Int64 // calls that may follow one that was let in so, if that ends
	fullAt   atomic.Int64 // when a call was refused first since one ended last; 0 if none was

	mu     sync.Mutex // only ever tried by calls; guards all below
	law    *law
	mix    mix
	push   pushback
	late   backoff
	before reading // when the window was opened
	served uint64  // calls that had been done when the window was opened

}

const (
	minWindow  = int64(5 * time.Millisecond)
	minPause   = int64(50 * time.Microsecond)
	fullWindow = 16 // calls that end a window
	slimWindow = 6  // calls that do if it has lasted four times as long as one takes
	// stallOdds is how many calls must be missing before a server that finishes
	// nothing is taken to stand still.
	stallOdds = 12
	// reliefPause is how long nothing may end before a call is let in to see; at least,
	// and in multiples of what calls took of late.
	reliefPause = int64(time.Second)
	reliefRatio = 20
	maxRelief   = 10 * reliefPause
	// reliefChain is how many others may follow one after the other: if these end,
	// not the service stands still, but what is inside.
	reliefChain = 64
)

func (c *control) init(s *Shedder) {
	c.s = s
	c.law = newLaw(float64(min(max(s.opts.InitialLimit, s.opts.MinLimit), s.opts.MaxLimit)))
	for i := range c.mix {
		c.mix[i] = 1 / float64(numClasses)
	}
	c.publish(c.law.verdict())
}

// A reading is what the meter said at a moment.
type reading struct {
	at                                    int64
	busy, inFlight                        int64
	done, skipped                         total
	pushed, timeout, refused, capped, ups uint64
	crowd                                 [numClasses]uint64
}

func (s *Shedder) read(now int64) reading {
	m := &s.meter
	r := reading{
		at: now, busy: m.busy.Load(), inFlight: m.inFlight.Load(), done: m.done.read(), skipped: m.skipped.read(),
		pushed: m.pushed.Load(), timeout: m.timeout.Load(), refused: m.refused.Load(), capped: m.capped.Load(),
	}
	for i := range r.crowd {
		r.crowd[i] = m.crowd[i].Load()
		r.ups += s.refused.counts[ReasonDownstream][i].Load()
	}
	return r
}

// ended closes the window if it has seen enough. A call has just ended.
func (c *control) ended(now int64) {
	if !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	length := now - c.before.at
	calls := c.s.meter.done.read().since(c.before.done).count() + float64(c.s.meter.pushed.Load()-c.before.pushed)
	usual := c.law.latency
	switch {
	case length >= max(minWindow, int64(usual/2)) && (calls >= fullWindow || calls >= slimWindow && float64(length) >= 4*usual),
		c.law.eager(c.s.clean.soFar(), c.s.crowded.soFar()):
		c.close(now)
	default:
		c.s.rules.closeAt.Store(now + c.pause())
	}
}

// pause is how long the next look waits, so that not every call that ends takes one.
func (c *control) pause() int64 { return max(minPause, int64(c.law.latency/16)) }

// stalled is told that a call is refused for the limit. Where nothing ends, nothing
// would close windows either, so that is done here. It reports whether the call may
// go in all the same, because nothing has ended for so long that what is inside may
// never end.
func (c *control) stalled(now int64) bool {
	s := c.s
	full := c.fullSince(now)
	// The first condition spares refusals the line that calls write when they end.
	if fast := s.rules.fast.Load(); float64(now-full)*fast > stallOdds &&
		float64(now-max(full, s.meter.last.Load()))*fast > stallOdds &&
		float64(s.inFlight()) >= s.rules.floor.Load() && c.mu.TryLock() {
		if gap := now - max(full, s.meter.last.Load()); gap > 0 { // nobody else has done this
			s.meter.busy.Add(gap)
			s.meter.last.Store(now)
			c.close(now)
		}
		c.mu.Unlock()
	}
	return c.follow(now) || now-full > c.patience() && c.relieve(now)
}

// fullSince returns since when calls have been refused and none has ended. Before, it
// may have been quiet for hours.
func (c *control) fullSince(now int64) int64 {
	if at := c.fullAt.Load(); at != 0 {
		return at
	}
	c.fullAt.CompareAndSwap(0, now)
	return now
}

// moved is told that a call has ended.
func (c *control) moved() {
	if c.fullAt.Load() != 0 {
		c.fullAt.Store(0)
	}
}

// patience is how long nothing may end.
func (c *control) patience() int64 {
	return min(max(reliefPause, int64(reliefRatio*c.s.rules.usual.Load())), maxRelief)
}

// relieve lets one call in per pause.
func (c *control) relieve(now int64) bool {
	at := c.reliefAt.Load()
	if now-at <= c.patience() || !c.reliefAt.CompareAndSwap(at, now) {
		return false
	}
	c.relieved.Store(-reliefChain)
	return true
}

// follow lets a call in after one that was let in for relief has ended.
func (c *control) follow(now int64) bool {
	n := c.relieved.Load()
	if n <= 0 || !c.relieved.CompareAndSwap(n, -n) {
		return false
	}
	at := c.reliefAt.Load()
	return now-at <= c.patience() && c.reliefAt.CompareAndSwap(at, now)
}

// relievedEnded is told that a call has ended that was let in for relief at start.
func (c *control) relievedEnded(now, start int64) {
	n := c.relieved.Load()
	if n < -1 && start == c.reliefAt.Load() && now-start <= reliefPause {
		c.relieved.CompareAndSwap(n, -n-1)
	}
}

// close ends a window, and begins the next. The caller holds c.mu.
func (c *control) close(now int64) {
	s := c.s
	if now <= c.before.at {
		return // the clock stands still
	}
	r := s.read(now)
	w := c.window(r)
	s.hung.look(now, &s.meter.inFlight, r.done.plus(r.skipped))
	c.learnMix(r)
	c.late.learn(w.length, c.law.latency, w.done.count(), w.timeout)
	c.push.learn(w.length, w.done.count(), w.pushed, float64(r.ups-c.before.ups))
	v := c.law.close(float64(now), w)
	c.before = r
	c.served += uint64(w.done.count())
	c.publish(v)
	if s.fair != nil {
		s.fair.rotate(c, now)
	}
	if s.queue != nil && s.queue.waiting.Load() > 0 {
		s.queue.dispatch(now)
	}
}

// done returns how many calls have been done so far. A tally alone has not room for so
// many.
func (c *control) done() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.served + uint64(c.s.meter.done.read().since(c.before.done).count())
}

// learnMix takes in the arrivals since the last reading.
func (c *control) learnMix(r reading) {
	var arrived [numClasses]float64
	seen := 0.0
	for i := range arrived {
		arrived[i] = float64(r.crowd[i] - c.before.crowd[i])
		seen += float64(c.before.crowd[i])
	}
	c.mix.learn(arrived, seen)
}

// window returns what happened since the last reading, and the cohort so far.
func (c *control) window(r reading) window {
	b := c.before
	w := window{
		length: float64(r.at - b.at), busy: float64(max(1, r.busy-b.busy)), done: r.done.since(b.done),
		pushed: float64(r.pushed - b.pushed), timeout: float64(r.timeout - b.timeout),
		refused: float64(r.refused - b.refused), capped: float64(r.capped - b.capped),
		grown: float64(r.inFlight - b.inFlight),
	}
	if c.s.opts.DryRun {
		w.again = w.refused
	}
	w.clean, w.crowded = c.s.clean.soFar(), c.s.crowded.soFar()
	return w
}
