package collection

import (
	"math"
	"sync/atomic"
)

// cells hold what was added in one interval. One set of cells serves many
// intervals in turn, and its gate sees to it that a writer or reader which was
// held up for however long can never meet the values of the wrong one.
//
// The gate is one word: started<<50 | epoch<<2 | phase. The low 50 bits are the
// tag. A tag only grows: live in an epoch, then cleaning, then clean, then live
// in a later epoch. 48 bits of epochs last 8 years at 1 µs, the shortest
// interval. started counts, modulo 2^14, the writers that ever went in; count
// counts those that came out, which is also the number of values. So the cells
// are at rest when the two agree. That would go wrong with 16,384 writers
// inside at once, each stopped within the same few instructions.
type cells struct {
	gate  atomic.Uint64
	count atomic.Uint64
	sum   atomic.Uint64
	low   atomic.Uint64
	high  atomic.Uint64
	// A cache line of their own: without it, two cores take 75 ns for an Add that
	// takes them 35 ns so.
	_ [3]uint64
}

const (
	startedShift = 50
	oneStarted   = 1 << startedShift
	tagMask      = oneStarted - 1
	phaseBits    = 2
	phaseMask    = 1<<phaseBits - 1

	live, cleaning, clean = 0, 1, 2
)

func tagOf(epoch, phase uint64) uint64 { return epoch<<phaseBits&tagMask | phase }

func (c *cells) tag() uint64 { return c.gate.Load() & tagMask }

// enter lets a writer in if the tag is still the given one. A writer that is in
// keeps the cells from being cleaned until it leaves.
func (c *cells) enter(tag uint64) bool {
	// The look spares a writer that came late from disturbing the gate.
	return c.tag() == tag && c.join(tag)
}

func (c *cells) join(tag uint64) bool {
	if c.gate.Add(oneStarted)&tagMask == tag {
		return true
	}
	c.gate.Add(^uint64(oneStarted - 1)) // minus one: the tag went on after the look
	return false
}

// put adds the value of a writer that has entered.
func (c *cells) put(s sample, float bool) {
	if float {
		addFloat(&c.sum, s.sum)
	} else {
		c.sum.Add(s.sum)
	}
	raise(&c.low, s.low)
	raise(&c.high, s.high)
}

// leave counts the value of a writer that has put it, and lets the writer out.
// That it comes last lets a reader trust that whatever is counted is in the sum.
func (c *cells) leave() { c.count.Add(1) }

// open makes clean cells live in a later epoch; false if they are not clean, or
// another writer was faster.
func (c *cells) open(epoch uint64) bool {
	g, tag := c.gate.Load(), tagOf(epoch, live)
	// A writer held up for laps may find cells that were cleaned after its epoch.
	return g&phaseMask == clean && g&tagMask < tag && c.gate.CompareAndSwap(g, g&^tagMask|tag)
}

func (c *cells) isClean() bool { return c.gate.Load()&phaseMask == clean }

// wipe cleans live cells that belong to an epoch before the given one; false if
// they do not, or a writer is inside.
func (c *cells) wipe(before uint64) bool {
	g := c.gate.Load()
	if g&phaseMask != live || g&tagMask >= tagOf(before, live) {
		return false
	}
	// count never overtakes started. If it equals what started was at the load,
	// and the gate is unchanged at the swap, then nobody is inside at the swap,
	// and from there on nobody can enter.
	n := c.count.Load()
	if n<<startedShift != g&^tagMask || !c.gate.CompareAndSwap(g, g+cleaning-live) {
		return false
	}
	c.sum.Store(0)
	c.low.Store(0)
	c.high.Store(0)
	c.count.Store(0)
	// A late writer may be between its two adds to the gate, so started is brought
	// back to zero by a difference too.
	c.gate.Add(clean - cleaning - n<<startedShift)
	return true
}

// read returns what the cells hold for a tag that the caller has seen on them;
// nothing if that is over. While writers are inside, the result may have a part
// of what each of them adds.
func (c *cells) read(tag uint64) tally {
	t := tally{count: c.count.Load()}
	t.sum, t.low, t.high = c.sum.Load(), c.low.Load(), c.high.Load()
	// Unchanged, the tag says that no cleaning began in between: tags never return.
	if t.count == 0 || c.tag() != tag {
		return tally{}
	}
	return t
}

func addFloat(word *atomic.Uint64, bits uint64) {
	v := math.Float64frombits(bits)
	for {
		old := word.Load()
		if word.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

func raise(word *atomic.Uint64, to uint64) {
	for {
		old := word.Load()
		if to <= old || word.CompareAndSwap(old, to) {
			return
		}
	}
}
