package mr

import (
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A crew runs a function on what a source yields: the source in a goroutine of
// its own, the function on as many workers as are needed. Each worker has a state
// S that only its own calls are given.
//
// Nothing is ever left lying: if there is an item that nobody has begun, and a
// worker that rests or could be started, then one is on its way (summoning).
type crew[T, S any] struct {
	run  *run
	do   func(state *S, i int, item T) error
	open func(state *S) // prepares the state of a new worker; may be nil
	last func()         // called under the lock when no worker will run any more; may be nil
	max  int            // how many workers

	// wanted asks the source to call summon when it has put an item. It is set
	// under the lock, and then the queue is looked at again; the source puts first
	// and then looks at wanted. So one of the two sees the other.
	wanted atomic.Bool

	queue queue[T]

	mu      sync.Mutex // guards what follows, and never held while user code runs
	workers []*worker[T, S]
	spares  []worker[T, S] // allocated, not started
	batch   int            // how many items a worker can hold
	running int            // workers that have not ended
	loaded  int            // workers that may hold items they have not begun
	claims  int

	rested    sync.Cond // workers wait here for items
	idle      int       // how many do, less those that are summoned
	summoning bool      // a worker was woken or started and has not looked yet

	room    sync.Cond // the source waits here for room in the queue
	waiting bool      // it does
	pressed bool      // it has, and since then the queue was not empty
	starved bool      // the queue was empty though the source has waited

	over   sync.Cond     // the caller waits here for source and workers
	ended  bool          // the source has
	signal chan struct{} // closed when the source ends, if somebody waits
}

func newCrew[T, S any](r *run, workers int, do func(*S, int, T) error) *crew[T, S] {
	c := &crew[T, S]{run: r, do: do, max: workers}
	c.rested.L, c.room.L, c.over.L = &c.mu, &c.mu, &c.mu
	c.wanted.Store(true)
	longest, n := ahead[T](), 1
	for n < min(workers, longest) {
		n *= 2
	}
	c.queue.ring = make([]T, n)
	c.batch = share(longest, workers)
	r.wake = c.wake
	return c
}

// share is how many of n items that wait one worker takes at most: several times
// its fair share, since what it does not get to will be taken over.
func share(n, workers int) int {
	return min(n, max(1, n*4/workers))
}

// start begins to read the source.
func (c *crew[T, S]) start(source iter.Seq[T]) {
	c.run.watch()
	go c.read(source)
}

// wake makes everybody look at what has changed.
func (c *crew[T, S]) wake() {
	c.mu.Lock()
	c.rested.Broadcast()
	c.room.Broadcast()
	c.over.Broadcast()
	c.mu.Unlock()
}

// summon is the source's, which has put an item.
func (c *crew[T, S]) summon() {
	c.mu.Lock()
	if c.queue.lenLocked() > 0 {
		c.summonLocked()
	}
	c.mu.Unlock()
}

// summonLocked calls for one more worker, if there is one and none is on its way.
func (c *crew[T, S]) summonLocked() {
	c.wanted.Store(false)
	switch {
	case c.summoning || c.run.stopped.Load():
	case c.idle > 0:
		c.idle--
		c.summoning = true
		c.rested.Signal()
	case len(c.workers) < c.max:
		c.summoning = true
		c.hireLocked()
	}
}

// hireLocked starts a worker. They are allocated together, a few at first.
func (c *crew[T, S]) hireLocked() {
	if len(c.spares) == 0 {
		n := min(max(1, 3*len(c.workers)), c.max-len(c.workers))
		c.spares = make([]worker[T, S], n)
		c.workers = slices.Grow(c.workers, n)
		items := make([]T, n*c.batch)
		for i := range c.spares {
			c.spares[i].items, items = items[:c.batch:c.batch], items[c.batch:]
			c.spares[i].size = 1
		}
	}
	w := &c.spares[0]
	c.spares = c.spares[1:]
	c.workers = append(c.workers, w)
	c.running++
	go c.work(w)
}

// work is what a worker does all its life.
func (c *crew[T, S]) work(w *worker[T, S]) {
	returned := false
	defer c.leave() // also if OnPanic exits
	defer func() {
		if !returned {
			c.run.unfinished(recover())
		}
	}()
	if c.open != nil {
		c.open(&w.state)
	}
	summoned := true
	for c.claim(w, summoned) {
		summoned = false
		c.process(w)
	}
	returned = true
}

// process does what was claimed.
func (c *crew[T, S]) process(w *worker[T, S]) {
	// A small batch tells little, and the clock is not free.
	if w.held*2 < w.size {
		c.doAll(w)
		return
	}
	began := time.Now()
	c.doAll(w)
	w.size = resize(w.size, len(w.items), time.Since(began))
}

func (c *crew[T, S]) doAll(w *worker[T, S]) {
	for i, ok := 0, true; ok && !c.run.stopped.Load(); i, ok = w.next() {
		if i%glance == 0 && c.run.over() {
			return
		}
		if err := c.do(&w.state, w.base+i, w.items[i]); err != nil {
			c.run.fail(w.base+i, err)
		}
	}
}

func (c *crew[T, S]) leave() {
	c.mu.Lock()
	c.running--
	c.settleLocked()
	c.mu.Unlock()
}

// settleLocked tells those who wait for it that all is over.
func (c *crew[T, S]) settleLocked() {
	if !c.overLocked() {
		return
	}
	c.over.Broadcast()
	if c.last != nil {
		c.last()
	}
}

func (c *crew[T, S]) overLocked() bool {
	return c.running == 0 && (c.run.stopped.Load() ||
		c.ended && c.queue.lenLocked() == 0)
}

func (c *crew[T, S]) eachStateLocked(do func(*S)) {
	for _, w := range c.workers {
		do(&w.state)
	}
}
