package collection

import (
	"iter"
	"time"
)

// A Bucket sums up the values that were added in one interval, or in several.
// The zero Bucket says that there were none.
type Bucket[T Number] struct {
	Sum   T     // of integers, wraps on overflow as + does
	Count int64 // how many values
	Min   T     // the smallest of them; 0 if there were none
	Max   T     // the largest of them; 0 if there were none
}

// A RollingWindow sums up the values of the last while: those added in the
// current interval and in the buckets-1 intervals before it. The intervals lie
// on a fixed grid that begins when the window is made, in monotonic time, so
// the window is between buckets-1 and buckets intervals long, and the first
// instant of an interval belongs to it.
//
// What has left the window is gone from every answer at once, whether or not
// anybody writes. There is no goroutine, nothing to close, and nothing to
// reset: take a new window.
//
// All methods are safe for concurrent use, take no lock and allocate nothing
// (Buckets where it is ranged over in place). Add costs a clock read and three
// atomic adds. Total costs a clock read and a few loads; the first one of an
// interval adds up the finished buckets. A window takes 128 bytes for each
// bucket. It must not be copied, and its zero value is not usable.
//
// A read that starts after an Add returned includes its value, once, until it
// expires; after the last Add returned, all results are exact. An Add that is
// still running may be seen in part: in Sum, Min or Max and not yet in Count,
// never the other way round. The buckets of one read are looked at one after
// another, not at one instant. A value belongs to the interval in which its Add
// began; if Add is held up until that has left the window, the value is dropped.
//
// Sums of integers wrap on overflow; take a T that is wide enough for a window,
// not for a value. Floats are summed as float64, in no particular order, so the
// last digits may differ from run to run. A NaN or an infinity makes Sum what
// IEEE 754 makes it until it leaves the window, which leaves nothing behind;
// Min and Max pass over NaNs, and are NaN if there was nothing else.
//
// The algorithm is Weir's own: a ring of buckets tagged with the interval they
// hold. A bucket has two sets of cells, one in use and one cleaned in advance,
// so that nobody waits while a bucket is recycled. Add spins, yielding the
// processor, only if both sets are held by goroutines that were stopped inside
// an Add for a whole window each.
type RollingWindow[T Number] struct {
	grid  grid
	slots []slot
	past  past
}

const (
	maxBuckets  = 1 << placeBits
	minInterval = time.Microsecond
)

// NewRollingWindow returns an empty window of the given number of buckets, each
// one interval long. It panics unless there are 1 to 65,536 buckets and the
// interval is at least a microsecond. Intervals of a microsecond are counted
// rightly for 8 years from then on, of a millisecond for 8,900.
func NewRollingWindow[T Number](buckets int, interval time.Duration) *RollingWindow[T] {
	if buckets < 1 || buckets > maxBuckets {
		panic("collection: NewRollingWindow needs 1 to 65536 buckets")
	}
	if interval < minInterval {
		panic("collection: NewRollingWindow needs an interval of at least 1µs")
	}
	w := &RollingWindow[T]{grid: newGrid(buckets, interval), slots: make([]slot, buckets)}
	for i := range w.slots {
		for j := range w.slots[i].sets {
			w.slots[i].sets[j].gate.Store(tagOf(0, clean))
		}
	}
	return w
}

// Add puts v into the current bucket.
func (w *RollingWindow[T]) Add(v T) {
	epoch, place := w.grid.now()
	c := w.slots[place].enter(epoch)
	if c == nil {
		return
	}
	c.put(encode(v), isFloat[T]())
	c.leave()
	w.past.left(epoch)
}

// Total sums up the whole window.
func (w *RollingWindow[T]) Total() Bucket[T] {
	epoch, place := w.grid.now()
	current := w.slots[place].read(epoch, isFloat[T]())
	return decode[T](w.finished(epoch).merge(current, isFloat[T]()))
}

// Buckets ranges over the buckets of the window, oldest first, the current one
// last: always exactly as many as the window was made with. An interval without
// values, also one before the window was made, is the zero Bucket.
//
// The clock is read once, as the range starts. Each bucket is read when its turn
// comes; if a later interval has taken it over by then, it is given as empty. The
// body of the loop may take its time and may use the window.
func (w *RollingWindow[T]) Buckets() iter.Seq[Bucket[T]] {
	return func(yield func(Bucket[T]) bool) { w.each(0, yield) }
}

// IgnoreCurrent returns a view of the window without the current bucket, for
// those whom a bucket that is still filling would mislead.
func (w *RollingWindow[T]) IgnoreCurrent() WindowView[T] { return WindowView[T]{w} }

func (w *RollingWindow[T]) slot(epoch uint64) *slot {
	return &w.slots[epoch%uint64(len(w.slots))]
}

// finished sums up the buckets before epoch, or finds that done.
func (w *RollingWindow[T]) finished(epoch uint64) tally {
	if t, ok := w.past.load(epoch); ok {
		return t
	}
	return w.addUp(epoch)
}

func (w *RollingWindow[T]) addUp(epoch uint64) (t tally) {
	late := w.past.begin(epoch)
	for age := uint64(len(w.slots)) - 1; age > 0; age-- {
		if age < epoch {
			t = t.merge(w.slot(epoch-age).read(epoch-age, isFloat[T]()), isFloat[T]())
		}
	}
	w.past.save(epoch, late, t)
	return t
}

// each yields the buckets from the oldest to the one of the given age.
func (w *RollingWindow[T]) each(youngest uint64, yield func(Bucket[T]) bool) {
	epoch, _ := w.grid.now()
	for age := uint64(len(w.slots)); age > youngest; {
		age--
		var b Bucket[T]
		if age < epoch {
			b = decode[T](w.slot(epoch-age).read(epoch-age, isFloat[T]()))
		}
		if !yield(b) {
			return
		}
	}
}
