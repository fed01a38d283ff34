package load

import (
	"context"
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/weirgo/weir"
)

const numClasses = int(weir.CriticalPlus-weir.Sheddable) + 1

// A meter counts what calls do. All its numbers but inFlight and last only grow;
// the difference between two readings is what happened between them.
//
// Cores that write to one line of memory take it from each other, which costs more than
// all else that a call does. So what is written at one time is on one line, what is
// written when a call comes and what is written when it ends are on two, and what calls
// only read is on others.
type meter struct {
	inFlight atomic.Int64
	crowd    [numClasses]atomic.Uint64 // arrivals by class, where it was crowded
	refused  atomic.Uint64             // for want of room, for the limit or the deadline
	capped   atomic.Uint64             // of these, because of the limit
	_        [lineSize - 56]byte

	last    atomic.Int64 // when a call ended last
	busy    atomic.Int64 // ns for which the workers, or a share of them, had work to do
	done    account      // calls that were done, be it too late
	skipped account      // calls of which nobody knows what was done; without logarithms
	_       [lineSize - 48]byte

	pushed    atomic.Uint64 // calls that something further down refused
	timeout   atomic.Uint64 // of those that were done, those that had run into their deadlines
	failed    atomic.Uint64 // other failures
	ignored   atomic.Uint64
	forgotten atomic.Uint64 // permits that nobody could settle any more
	_         [lineSize - 40]byte
}

// lineSize is that of the cache of nearly all processors, in bytes. Blocks of memory
// may begin eight bytes behind the start of a line, so eight of each are left free.
const lineSize = 64

// count counts how a call ended, and reports whether it was done, be it too late.
func (m *meter) count(ctx context.Context, o weir.Outcome) bool {
	switch {
	case o == weir.Success:
		return true
	case o == weir.Failure && ctx.Err() == context.DeadlineExceeded:
		m.timeout.Add(1)
		return true
	case o == weir.Failure:
		m.failed.Add(1)
	case o == weir.Overloaded:
		m.pushed.Add(1)
	default:
		m.ignored.Add(1)
	}
	return false
}

// worked counts the time for which a call that was admitted at start, and met n in
// flight at its end, kept a worker busy.
//
// Busy time is what capacity is measured against: throughput per time would, of a
// server that has little to do or whose calls are being refused, say that it can do
// little. A gap between two endings counts as far as this call was inside, and for
// the share of the workers that had work; half a call less, for on average the
// last one to arrive came in the middle of the gap.
func (m *meter) worked(now, start, n int64, perWorker float64) {
	gap := min(now-m.last.Swap(now), now-start)
	if gap > 0 {
		m.busy.Add(int64(float64(gap) * min(1, max(1, float64(n)-0.5)*perWorker)))
	}
}

// wasted leaves the time that a failed call took out of account: as much of the gap
// since the last ending as it was inside.
func (m *meter) wasted(now, start int64) {
	last := m.last.Load()
	if gap := min(now-last, now-start); gap > 0 {
		m.last.CompareAndSwap(last, last+gap) // if others end as well, theirs will do
	}
}

// An account adds up durations.
type account struct {
	sum   atomic.Uint64 // ns
	tally atomic.Uint64
}

func (a *account) add(ns int64, log uint64) {
	a.sum.Add(uint64(ns))
	a.tally.Add(tallyOne | log)
}

func (a *account) read() total { return total{a.sum.Load(), tally(a.tally.Load())} }

// A total is what an account had at a moment, or gained between two.
type total struct {
	sum uint64
	tally
}

func (t total) since(before total) total { return total{t.sum - before.sum, t.tally - before.tally} }

func (t total) plus(u total) total { return total{t.sum + u.sum, t.tally + u.tally} }

// mean returns the mean duration in ns.
func (t total) mean() float64 { return float64(t.sum) / t.count() }

// A tally packs a count and a sum of logarithms into one word, so that one atomic
// addition serves both. The difference of two tallies is right even if a sum ran
// over in between.
type tally uint64

const (
	logBits  = 40 // of the sum, below the count
	logPoint = 10 // bits of a logarithm that are behind the point
	tallyOne = 1 << logBits
)

// logOf returns log2 of a duration in ns, in units of 2^-logPoint. Between two powers
// of two it is a straight line, 0.09 too low at most.
func logOf(ns int64) uint64 {
	n := uint64(max(ns, 1))
	exp := bits.Len64(n) - 1
	mantissa := n << (63 - exp) << 1 >> (64 - logPoint)
	return uint64(exp)<<logPoint | mantissa
}

// antilog is the inverse of logOf, in ns.
func antilog(log float64) float64 {
	exp := math.Floor(log)
	return math.Ldexp(1+log-exp, int(exp))
}

func (t tally) count() float64 { return float64(t >> logBits) }

// log returns the mean of the logarithms.
func (t tally) log() float64 {
	return float64(t&(tallyOne-1)) / (1 << logPoint) / t.count()
}

// A float is an atomic float64.
type float struct{ bits atomic.Uint64 }

func (f *float) Load() float64   { return math.Float64frombits(f.bits.Load()) }
func (f *float) Store(v float64) { f.bits.Store(math.Float64bits(v)) }

func (f *float) Add(v float64) {
	for {
		old := f.bits.Load()
		if f.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

const placeMask = 1<<(64-logBits) - 1

// ended is how many calls have ended so far, modulo what a tally can count. With those that
// it meets added, a call knows which one it will be if none overtakes another. Where calls
// end at the same moment on several cores it may be wrong by one, and some that were in
// turn are not counted as such.
func (m *meter) ended() uint32 {
	return uint32((m.done.tally.Load()>>logBits + m.skipped.tally.Load()>>logBits) & placeMask)
}
