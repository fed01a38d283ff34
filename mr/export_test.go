package mr

import "sync"

// ClaimsUntilTakenOver is how many claims of a worker it takes, while the source is
// always ahead, until it is given an item that another one has claimed and does not
// get to.
func ClaimsUntilTakenOver() (claims int) {
	r := &run{}
	c := newCrew(r, 2, func(*struct{}, int, int) error { return nil })
	// None is started: both rest, and are told of nothing.
	c.summoning = true
	stuck := &worker[int, struct{}]{items: make([]int, 4), size: 4}
	free := &worker[int, struct{}]{items: make([]int, 4), size: 1}
	c.workers = append(c.workers, stuck, free)
	fill := func() {
		for c.queue.seen = c.queue.head; !c.queue.full(); {
			c.queue.put(0)
		}
	}
	fill()
	c.claim(stuck, false)
	begun := stuck.base
	for free.base != begun+1 {
		fill()
		c.claim(free, false)
		claims++
	}
	return claims
}

// SecondLooks does what a worker does that finds nothing, as if the source had put an
// item just after that, and seen that nobody wanted it. The first returns if the
// worker does not rest; the second reports whether somebody is summoned.
func SecondLooks() (rests func(), wants func() bool) {
	r := &run{}
	c := newCrew(r, 1, func(*struct{}, int, int) error { return nil })
	c.wanted.Store(false)
	c.queue.put(0)
	rests = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.restLocked()
	}
	wants = func() bool {
		c.idle = 1
		c.wantLocked()
		return c.summoning
	}
	return rests, wants
}

// BegunOnce races a worker that begins what it holds with one that takes it over,
// so many times, and reports whether each item was begun by exactly one of them.
func BegunOnce(rounds int) bool {
	const n = 64
	w := &worker[int, struct{}]{items: make([]int, n)}
	for i := range w.items {
		w.items[i] = i
	}
	for range rounds {
		var begun [n]int
		begun[0]++
		w.holdLocked(0, n)
		given := make(chan []int)
		go func() {
			var all []int
			for {
				some := make([]int, 3)
				base, n := w.giveLocked(some)
				if n == 0 {
					given <- all
					return
				}
				for i := range n {
					all = append(all, base+i)
				}
			}
		}()
		for i, ok := w.next(); ok; i, ok = w.next() {
			begun[i]++
		}
		for _, i := range <-given {
			begun[i]++
		}
		for _, times := range begun {
			if times != 1 {
				return false
			}
		}
	}
	return true
}

// NumbersBegunOnce races a hand that begins its chunk, and puts back some of that now
// and then, with those that take it over, so many times. It reports whether each
// number was begun by exactly one of them.
func NumbersBegunOnce(rounds int) bool {
	const n = 200
	for range rounds {
		var mu sync.Mutex
		var begun [n]int
		h := &hand{}
		h.holdLocked(0, n)
		given := make(chan []int)
		go func() {
			var all []int
			for left := true; left; {
				mu.Lock()
				base, n := h.giveLocked()
				left = n > 0 || h.leftLocked() > 0
				mu.Unlock()
				for i := range n {
					all = append(all, base+i)
				}
			}
			given <- all
		}()
		for from, to := h.begun(); from < to; from, to = h.begin() {
			if from%3 == 0 && to-from > 1 {
				mu.Lock()
				h.putBackLocked(to - from - 1)
				mu.Unlock()
				to = from + 1
			}
			for i := from; i < to; i++ {
				begun[i]++
			}
		}
		for _, i := range <-given {
			begun[i]++
		}
		for _, times := range begun {
			if times != 1 {
				return false
			}
		}
	}
	return true
}
