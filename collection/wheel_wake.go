package collection

import "runtime"

// wake is what the alarm calls, in a goroutine of its own. It advances by the
// clock, not by ticks, so that what was missed is made up for. Called too early,
// or more than once, it does no harm.
func (c *clockwork[T]) wake() {
	me, to := goroutine(), c.elapsed()/c.tick
	c.mu.Lock()
	if c.waking || c.closed {
		c.mu.Unlock()
		return
	}
	c.waking = true
	c.armed.Store(0)
	c.mu.Unlock()
	// Slot by slot, so that what is due in one shard does not wait for all that is
	// due in the others.
	for at := c.upcoming(); at <= to; at = c.upcoming() {
		for i := range c.shards {
			c.shards[i].advanceTo(at)
		}
		if !c.gather(false) {
			return
		}
	}
	if !c.gather(true) {
		return
	}
	c.rearm()
	c.mu.Lock()
	c.join(me)
}

// upcoming returns the tick at which the next slot of any shard comes up.
func (c *clockwork[T]) upcoming() (at uint64) {
	at = never
	for i := range c.shards {
		at = min(at, c.shards[i].upcoming())
	}
	return at
}

// rearm sets the alarm. What is linked meanwhile sets it, too.
func (c *clockwork[T]) rearm() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		if s.soonest != 0 { // else another one advances already
			s.tidy()
			at, _, _ := s.next()
			s.soonest = at
			c.expect(s, at)
		}
		s.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.armed.Load() == never && c.alarm != nil {
		c.alarm.Stop() // it may have been set again since it called
	}
}

// gather makes ready what is due in all shards, in order, some at a time. It returns
// false once all is closed. With the last of what is due, awake ends the wake.
func (c *clockwork[T]) gather(awake bool) (open bool) {
	for {
		all, open := c.gatherSome(awake)
		if all || !open {
			return open
		}
		runtime.Gosched()
	}
}

func (c *clockwork[T]) gatherSome(awake bool) (all, open bool) {
	c.lock()
	defer c.unlock()
	if c.closed {
		return false, false
	}
	defer c.call()
	for range atATime {
		s := c.foremost()
		if s == nil {
			if awake {
				c.waking = false
				c.armed.Store(never)
			}
			return true, true
		}
		p := s.due.first
		s.unlink(p)
		c.makeReady(p)
	}
	return false, true
}

// foremost returns the shard with what is due first.
func (c *clockwork[T]) foremost() (first *shard[T]) {
	for i := range c.shards {
		s := &c.shards[i]
		if s.due.first != nil && (first == nil || c.before(s.due.first, first.due.first)) {
			first = s
		}
	}
	return first
}

// before reports which of two entries that are due starts first.
func (c *clockwork[T]) before(p, o *pending[T]) bool {
	if p.tick != o.tick {
		return p.tick < o.tick
	}
	return int32(c.turn(p)-c.turn(o)) < 0
}

// dispatch makes ready p, which has just been linked and is due. While somebody
// advances, that one does: what was set before may still be on its way.
func (c *clockwork[T]) dispatch(s *shard[T], p *pending[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.waking {
		s.unlink(p)
		c.makeReady(p)
		c.call()
	}
}

// makeReady puts p, which is unlinked, where workers find it. The caller holds mu,
// and p's shard's.
func (c *clockwork[T]) makeReady(p *pending[T]) {
	p.slot = readySlot
	if c.renew != nil {
		p.mark = c.era
	}
	c.ready.append(p)
	c.readies++
}

// unready takes it away again.
func (c *clockwork[T]) unready(p *pending[T]) {
	inside := c.renew == nil || p.mark == c.era
	if inside {
		c.readies--
	}
	if back, last := p.cut(); last && inside {
		c.ready.last = back
	}
}

// claim returns the first entry of a list that mu guards, and its shard, locked; or
// nil. The caller holds mu, which claim may give up for a while.
func (c *clockwork[T]) claim(list *pendingList[T]) (*pending[T], *shard[T]) {
	for {
		p := list.first
		if p == nil {
			return nil, nil
		}
		s := c.home(c.hash(p))
		if s.mu.TryLock() {
			return p, s
		}
		c.mu.Unlock()
		s.mu.Lock()
		c.mu.Lock()
		if list.first == p {
			return p, s
		}
		s.mu.Unlock()
	}
}

// take returns what a worker has to do next, which is pending no more, or nil. The
// caller holds mu.
func (c *clockwork[T]) take() *pending[T] {
	if c.closed {
		return nil
	}
	p, s := c.claim(&c.ready)
	if p == nil {
		return nil
	}
	defer s.mu.Unlock()
	if c.closed {
		return nil
	}
	if p.note != inOrder {
		s.withdraw(p)
	}
	c.unready(p)
	p.slot = noSlot
	if c.end(s, p) {
		c.disarm()
	}
	c.fired++
	return p
}
