package timers

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// A crowd is a table with n timers pending at places below n. There are as many
// places above, which are free.
type crowd struct {
	table
	n      int
	delays []time.Duration // of n timers
	order  []int32         // the places below n, shuffled

	first int          // where in order the lap began
	next  atomic.Int64 // how many were taken since
	lost  int          // that were not there any more, or could not be put back
}

// endLap undoes what the lap has done to all that it has taken. The next lap goes on
// with others, unless it is to take those again.
func (c *crowd) endLap(again bool, undo func(all int)) {
	all := min(c.n, int(c.next.Swap(0)))
	if undo != nil {
		undo(all)
	}
	if !again {
		c.first = (c.first + all) % c.n
	}
}

// take reserves the next n timers. Where fewer are left, the operations are odd.
func (c *crowd) take(n int) (from int, ok bool) {
	to := int(c.next.Add(int64(n)))
	return to - n, to <= c.n
}

func (c *crowd) place(i int) int { return int(c.order[(c.first+i)%c.n]) }

func (c *crowd) setNew(n int) (odd int) {
	from, ok := c.take(n)
	if !ok {
		return n
	}
	for i := from; i < from+n; i++ {
		if !c.set(c.n+i, c.delays[i]) {
			odd++
		}
	}
	return odd
}

func (c *crowd) removeNew(all int) {
	for i := range all {
		if !c.remove(c.n + i) {
			c.lost++
		}
	}
}

// moveOld takes more than there are, if need be: who was moved can be moved.
func (c *crowd) moveOld(n int) (odd int) {
	from, _ := c.take(n)
	for i := from; i < from+n; i++ {
		// Other delays for the same places each time.
		if !c.move(c.place(i), c.delays[(c.first+2*i+7919)%c.n]) {
			odd++
		}
	}
	return odd
}

func (c *crowd) removeOld(n int) (odd int) {
	from, ok := c.take(n)
	if !ok {
		return n
	}
	for i := from; i < from+n; i++ {
		if !c.remove(c.place(i)) {
			odd++
		}
	}
	return odd
}

func (c *crowd) setOld(all int) {
	for i := range all {
		if !c.set(c.place(i), c.delays[i]) {
			c.lost++
		}
	}
}

// delays are the same for all, and drawn beforehand: to draw one costs as much as
// some of what is measured.
var delays = cached(func(n int) []time.Duration {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = time.Second + time.Duration(r.Int64N(int64(599*time.Second)))
	}
	return all
})

var order = cached(func(n int) []int32 {
	all := make([]int32, n)
	for i, place := range rand.New(rand.NewPCG(3, 4)).Perm(n) {
		all[i] = int32(place)
	}
	return all
})

// cached keeps what makeOf has last returned.
func cached[T any](makeOf func(n int) []T) func(n int) []T {
	var mu sync.Mutex
	var last []T
	return func(n int) []T {
		mu.Lock()
		defer mu.Unlock()
		if len(last) != n {
			last = makeOf(n)
		}
		return last
	}
}
