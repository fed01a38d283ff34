package fx

import (
	"math"
	"math/bits"
	"sync"
	"time"
)

// Latencies knows how long something takes these days, for [Hedge]. Where it has a
// thousand durations it halves all counts: what is long ago fades away.
//
// The zero value is ready. It must not be copied after first use, is safe for
// concurrent use, and takes 1 kB. Durations are counted in classes, eight between
// one power of two and the next, so that a quantile is at most 1/8 too high.
type Latencies struct {
	mu     sync.Mutex // guards what follows; held for less than a microsecond
	counts [classes]uint16
	total  int
	top    int // no higher class has counts
}

const (
	classes   = 61 * 8 // for durations up to the longest
	fullAt    = 1000
	enoughFor = 20 // durations, for a quantile to mean something
)

// Observe takes a duration down; a negative one counts as 0.
func (l *Latencies) Observe(d time.Duration) {
	class := classOf(d)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[class]++
	l.total++
	l.top = max(l.top, class)
	if l.total >= fullAt {
		l.fadeLocked()
	}
}

// Quantile returns the duration that the fraction q of all does not exceed, q being
// 0 to 1. It is false while there are fewer than 20.
func (l *Latencies) Quantile(q float64) (time.Duration, bool) {
	if !(q >= 0 && q <= 1) {
		panic("fx: a quantile must be 0 to 1")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total < enoughFor {
		return 0, false
	}
	longer := l.total - max(1, int(math.Ceil(q*float64(l.total))))
	class := l.top
	for seen := int(l.counts[class]); seen <= longer; seen += int(l.counts[class]) {
		class--
	}
	return upperOf(class), true
}

func (l *Latencies) fadeLocked() {
	l.total = 0
	for i := range l.counts[:l.top+1] {
		l.counts[i] /= 2
		l.total += int(l.counts[i])
		if l.counts[i] > 0 {
			l.top = i
		}
	}
}

// classOf returns the class of d: its leading four bits and their place.
func classOf(d time.Duration) int {
	v := uint64(max(0, d))
	shift := max(0, bits.Len64(v)-4)
	return shift*8 + int(v>>shift)
}

// upperOf returns the longest duration of the class.
func upperOf(class int) time.Duration {
	if class < 16 {
		return time.Duration(class)
	}
	shift := class/8 - 1
	return time.Duration((uint64(class%8+8)+1)<<shift - 1)
}
