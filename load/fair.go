package load

import (
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

// shares keep the busiest callers from crowding out the others of their class. It is
// approximate fair dropping (Pan, Breslau, Prabhakar and Shenker, 2003): callers are
// counted by the hash of their name; how many calls of each fit is where the water
// stands if what was admitted is poured into all of them evenly; and of those who
// come more often so many are refused that no more is left.
//
// It is about the class that fills the server up: of those above all are admitted,
// of those below nearly none.
type shares struct {
	seed   maphash.Seed
	class  atomic.Int32 // the class that it is about, -1 if none
	counts [callerSlots]atomic.Uint32
	drop   [callerSlots]float
	active atomic.Bool // somebody has calls refused

	// Guarded by the control's mu.
	rotated        int64                // when counting began
	crowd, refused uint64               // how many of the class had arrived, and been refused, then
	held           uint64               // how many calls of all classes had been refused for their callers
	taken, sorted  [callerSlots]float64 // scratch of a rotation, kept so that it allocates nothing
}

const (
	// callerSlots is a power of two. Two callers share a slot, and a fate, with a
	// chance of one in so many.
	callerSlots = 1024
	// countFor is how long callers are counted.
	countFor = int64(time.Second)
	// slack lets a little more through than fits: it is the limit that decides.
	slack = 1.03
)

func newShares() *shares {
	f := &shares{seed: maphash.MakeSeed()}
	f.class.Store(-1)
	return f
}

// judge counts a call. It reports whether the caller is modest, and has all calls
// admitted while others have not, and whether this call is one too many.
func (f *shares) judge(class int, caller string) (modest, excess bool) {
	if int(f.class.Load()) != class {
		return false, false
	}
	slot := maphash.String(f.seed, caller) % callerSlots
	f.counts[slot].Add(1)
	drop := f.drop[slot].Load()
	return drop == 0 && f.active.Load(), drop > 0 && rand.Float64() < drop
}

// rotate draws the conclusions from what was counted, and counts afresh. The caller
// holds the control's mu.
func (f *shares) rotate(c *control, now int64) {
	if now-f.rotated < max(countFor, int64(20*c.law.latency)) {
		return
	}
	class := c.mix.filling(c.law.overload() + f.heldBack(c, now))
	arrived, refused := c.s.arrivals(class)
	fits := slack * max(0, float64(arrived-f.crowd)-float64(refused-f.refused))
	same := int(f.class.Load()) == class
	f.rotated, f.crowd, f.refused = now, arrived, refused
	f.class.Store(int32(class))
	for i := range f.counts {
		f.taken[i] = float64(f.counts[i].Swap(0))
	}
	f.sorted = f.taken
	level := waterLevel(f.sorted[:], fits)
	active := false
	for i, n := range &f.taken {
		if same && n > level {
			active = true
			f.drop[i].Store(1 - level/n)
		} else {
			f.drop[i].Store(0)
		}
	}
	f.active.Store(active)
}

// heldBack returns what was refused for its callers since the last rotation, in multiples
// of the capacity. The law does not see it as demand, as it never meets the limit.
func (f *shares) heldBack(c *control, now int64) float64 {
	held := uint64(0)
	for class := range c.mix {
		held += c.s.refused.counts[ReasonCaller][class].Load()
	}
	n := float64(held - f.held)
	f.held = held
	if n == 0 || c.law.capacity == 0 {
		return 0
	}
	return n / float64(now-f.rotated) / c.law.capacity
}

// waterLevel returns the level at which the sum of all counts, each cut off there, is
// what fits. It sorts counts.
func waterLevel(counts []float64, fits float64) float64 {
	slices.Sort(counts)
	for i, n := range counts {
		left := float64(len(counts) - i)
		if n*left >= fits {
			return fits / left
		}
		fits -= n
	}
	return counts[len(counts)-1]
}

// arrivals returns how many calls of a class have arrived in a crowd, and how many of
// these were refused.
func (s *Shedder) arrivals(class int) (arrived, refused uint64) {
	for reason := range s.refused.counts {
		refused += s.refused.counts[reason][class].Load()
	}
	return s.meter.crowd[class].Load(), refused
}
