package mr

import (
	"iter"
	"time"
)

// patience is how long the caller waits for a source that was told to stop.
const patience = 500 * time.Microsecond

// read is the goroutine of the source.
func (c *crew[T, S]) read(source iter.Seq[T]) {
	returned := false
	defer c.end()
	defer func() {
		if !returned {
			c.run.unfinished(recover())
		}
	}()
	for item := range source {
		if !c.put(item) {
			break
		}
	}
	returned = true
}

// put returns false when the source shall stop.
func (c *crew[T, S]) put(item T) bool {
	if c.run.stopped.Load() || c.queue.full() && !c.roomAhead() {
		return false
	}
	c.queue.put(item)
	if c.wanted.Load() {
		c.summon()
	}
	return true
}

// roomAhead waits for room in the queue. It returns false if the run is stopped.
func (c *crew[T, S]) roomAhead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.run.stopped.Load() {
		c.queue.seen = c.queue.head
		switch {
		case !c.queue.full():
			return true
		case c.starved && len(c.queue.ring) < ahead[T]():
			c.starved = false
			c.queue.growLocked()
			return true
		}
		c.waiting, c.pressed = true, true
		c.room.Wait()
	}
	return false
}

// end takes note that the source has ended.
func (c *crew[T, S]) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.rested.Broadcast()
	c.over.Broadcast()
	c.settleLocked()
	if c.signal != nil {
		close(c.signal)
	}
}

// wait returns when all items are done, or when the run is stopped and no worker
// runs any more.
func (c *crew[T, S]) wait() {
	c.mu.Lock()
	for !c.overLocked() {
		c.over.Wait()
	}
	c.mu.Unlock()
}

// leaveSource waits for the source of a stopped run, for a moment: one that runs
// sees at its next item that it shall end, and does so. One that is blocked is left
// behind.
func (c *crew[T, S]) leaveSource() {
	c.mu.Lock()
	if !c.ended {
		c.signal = make(chan struct{})
	}
	signal := c.signal
	c.mu.Unlock()
	if signal == nil {
		return
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-signal:
	case <-timer.C:
	}
}

// finish ends the run: nothing but a source that is left behind runs when it
// returns. It does not return if the caller is to panic or to exit.
func (c *crew[T, S]) finish() {
	c.wait()
	c.leaveSource()
	c.run.unwatched()
	c.run.raise()
}
