package mr

// claim gives a worker something to do, and waits for that if it must. It returns
// false when there will be nothing any more.
func (c *crew[T, S]) claim(w *worker[T, S], summoned bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if summoned {
		c.summoning = false
	}
	c.putDownLocked(w)
	for !c.run.stopped.Load() {
		c.claims++
		if c.claims%lookBack == 0 && c.takeOverLocked(w) || c.takeLocked(w) || c.takeOverLocked(w) {
			c.passLocked(w)
			return true
		}
		if c.ended {
			return false
		}
		c.restLocked()
	}
	return false
}

// lookBack is after how many claims what another worker has not begun goes before
// what is new. Else it could wait as long as the source is ahead.
const lookBack = 16

// putDownLocked forgets what the worker has held.
func (c *crew[T, S]) putDownLocked(w *worker[T, S]) {
	if w.many {
		w.many = false
		c.loaded--
	}
	clear(w.items[:w.held])
	w.held = 0
}

// takeLocked claims items from the queue.
func (c *crew[T, S]) takeLocked(w *worker[T, S]) bool {
	n := c.queue.lenLocked()
	if n == 0 {
		return false
	}
	k := min(share(n, c.max), w.size)
	base := int(c.queue.head)
	c.queue.takeLocked(w.items[:k])
	c.holdLocked(w, base, k)
	c.makeRoomLocked(n - k)
	return true
}

func (c *crew[T, S]) holdLocked(w *worker[T, S], base, n int) {
	w.holdLocked(base, n)
	if n > 1 {
		w.many = true
		c.loaded++
	}
}

// makeRoomLocked wakes the source while there is still enough left to do, and
// sees to it that it may come further ahead next time if that was too late.
func (c *crew[T, S]) makeRoomLocked(queued int) {
	if c.waiting && queued <= len(c.queue.ring)/2 {
		c.waiting = false
		c.room.Signal()
	}
	if c.pressed && queued == 0 {
		c.pressed, c.starved = false, true
	}
}

// takeOverLocked claims items that another worker has not begun, the earliest first.
func (c *crew[T, S]) takeOverLocked(w *worker[T, S]) bool {
	for c.loaded > 0 {
		from := c.latestToBeginLocked()
		if from == nil {
			return false
		}
		// If it has begun the last one meanwhile, there may still be others.
		if base, n := from.giveLocked(w.items[:w.size]); n > 0 {
			c.holdLocked(w, base, n)
			return true
		}
	}
	return false
}

// latestToBeginLocked is the worker that holds the earliest item not begun.
func (c *crew[T, S]) latestToBeginLocked() (worst *worker[T, S]) {
	earliest := 0
	for _, w := range c.workers {
		if !w.many {
			continue
		}
		if at, ok := w.earliestLocked(); ok && (worst == nil || at < earliest) {
			worst, earliest = w, at
		}
	}
	return worst
}

// passLocked is called by a worker that has got something to do. If there is more
// than that, it calls for one who does it; else the source shall.
func (c *crew[T, S]) passLocked(w *worker[T, S]) {
	if w.leftLocked() > 0 || c.queue.lenLocked() > 0 || c.loaded > 0 && c.latestToBeginLocked() != nil {
		c.summonLocked()
		return
	}
	if !c.summoning && (c.idle > 0 || len(c.workers) < c.max) {
		c.wantLocked()
	}
}

// wantLocked has the next item announced. What came before that is seen here.
func (c *crew[T, S]) wantLocked() {
	c.wanted.Store(true)
	if c.queue.lenLocked() > 0 {
		c.summonLocked()
	}
}

// restLocked waits for something to do.
func (c *crew[T, S]) restLocked() {
	c.idle++
	if !c.summoning {
		c.wanted.Store(true)
	}
	if c.queue.lenLocked() > 0 {
		c.idle--
		return
	}
	c.rested.Wait()
	// Whoever summons has taken it from idle. When all are woken, nobody is
	// summoned any more.
	c.summoning = false
}
