package breaker

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A counter is an epoch in the high half of a word and a count in the low half.
// A count whose epoch has passed is worth nothing, so nobody needs to reset it:
// whoever counts next in its place starts from one, in the same compare-and-swap.
// Counting is therefore exact and lock-free, also for a writer that was stalled
// after it read the clock. (One stalled for a whole window between the two
// instructions below would count in the epoch that it wakes up in.)
type counter struct{ word atomic.Uint64 }

// counterFull leaves room for those who saw that there was still room.
const counterFull = 1 << 31

// reordered is by how many epochs an event may be older than what its counter
// holds and still be taken for a late one. What looks older than that is newer:
// the counter was not used for half the range of an epoch, which is 25 days of
// milliseconds.
const reordered = 1 << 13

func tagged(epoch, count uint32) uint64 { return uint64(epoch)<<32 | uint64(count) }

// add counts one event of the epoch. It returns how many it pushed out, of the
// older epoch that used the counter before.
func (c *counter) add(epoch uint32) (retired uint32) {
	for {
		w := c.word.Load()
		age := int32(epoch - uint32(w>>32))
		switch {
		case -reordered < age && age < 0 || age == 0 && uint32(w) >= counterFull:
			return 0 // the event is too old to count, or there is no room
		case age == 0:
			c.word.Add(1) // unlike a swap, never fails however many count at once
			return 0
		default:
			if c.word.CompareAndSwap(w, tagged(epoch, 1)) {
				return uint32(w)
			}
		}
	}
}

// clear drops what was counted in the epoch, and returns how much that was.
func (c *counter) clear(epoch uint32) (retired uint32) {
	for {
		w := c.word.Load()
		if uint32(w>>32) != epoch {
			return 0
		}
		if c.word.CompareAndSwap(w, tagged(epoch, 0)) {
			return uint32(w)
		}
	}
}

func (c *counter) in(epoch uint32) uint64 {
	if w := c.word.Load(); uint32(w>>32) == epoch {
		return w & (1<<32 - 1)
	}
	return 0
}

// The kinds of events that a window counts.
const (
	accepted = iota
	failed
	refused
	kinds
)

type bucket [kinds]counter

// window counts events over the last n intervals. Epochs number the intervals;
// they are 32 bits wide and may wrap around (after 34 years of 250 ms).
type window struct {
	perInterval uint64 // 2^64 / interval: epochs are found by multiplication
	perRound    uint64 // 2^64 / n, rounded up: likewise the place of an epoch
	interval    time.Duration
	buckets     []bucket
	// floor is the first epoch that counts; what is older was forgiven.
	floor atomic.Uint32
	// retired is what was counted in buckets that were used again since.
	retired [kinds]atomic.Uint64
}

func (w *window) init(length time.Duration, n int) {
	w.interval = length / time.Duration(n)
	w.perInterval = ^uint64(0) / uint64(w.interval)
	w.perRound = ^uint64(0)/uint64(n) + 1
	w.buckets = make([]bucket, n)
}

// epoch returns the number of the interval that now lies in. The first is n+1,
// so that untouched buckets are too old to count.
func (w *window) epoch(now int64) uint32 {
	hi, _ := bits.Mul64(uint64(now), w.perInterval)
	return uint32(hi) + uint32(len(w.buckets)) + 1
}

// place returns epoch mod n (Lemire, Kaser, Kurz, "Faster Remainder by Direct
// Computation", 2019).
func (w *window) place(epoch uint32) int {
	hi, _ := bits.Mul64(w.perRound*uint64(epoch), uint64(len(w.buckets)))
	return int(hi)
}

func (w *window) add(kind int, epoch uint32) {
	if old := w.buckets[w.place(epoch)][kind].add(epoch); old != 0 {
		w.retired[kind].Add(uint64(old))
	}
}

// forgive makes the window start afresh: nothing counted so far matters, but for
// the successes of the current epoch.
func (w *window) forgive(epoch uint32) {
	w.floor.Store(epoch)
	b := &w.buckets[w.place(epoch)]
	for _, kind := range [...]int{failed, refused} {
		w.retired[kind].Add(uint64(b[kind].clear(epoch)))
	}
}

// history is what a window holds at one moment.
type history struct {
	accepted, failed, refused float64
	// failing and working are how many of the newest buckets in a row saw only
	// failures, or only successes. Buckets without either count for neither.
	failing, working int
}

func (w *window) history(epoch uint32) (h history) {
	n := uint32(len(w.buckets))
	oldest := epoch - n + 1
	if floor := w.floor.Load(); 0 < int32(floor-oldest) && int32(floor-oldest) < reordered {
		oldest = floor
	}
	at := w.place(oldest)
	for e := oldest; int32(epoch-e) >= 0; e++ {
		b := &w.buckets[at]
		if at++; at == len(w.buckets) {
			at = 0
		}
		ok, bad := b[accepted].in(e), b[failed].in(e)
		h.accepted += float64(ok)
		h.failed += float64(bad)
		h.refused += float64(b[refused].in(e))
		if bad > 0 {
			h.working = 0
		} else if ok > 0 {
			h.working++
		}
		if ok > 0 {
			h.failing = 0
		} else if bad > 0 {
			h.failing++
		}
	}
	return h
}

// silence returns for how long nothing was counted, to the bucket, or, if nothing
// ever was, how old the window is.
func (w *window) silence(epoch uint32) time.Duration {
	age := epoch - uint32(len(w.buckets)) - 1
	for i := range w.buckets {
		for kind := range kinds {
			age = min(age, epoch-uint32(w.buckets[i][kind].word.Load()>>32))
		}
	}
	return time.Duration(age) * w.interval
}

// total returns how many events of the kind were ever counted.
func (w *window) total(kind int) uint64 {
	sum := w.retired[kind].Load()
	for i := range w.buckets {
		sum += w.buckets[i][kind].word.Load() & (1<<32 - 1)
	}
	return sum
}
