package load

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

const (
	pollPause = int64(250 * time.Millisecond)
	// longestRise bounds for how long before it a reading counts: nobody knows how
	// loaded it was while nobody looked.
	longestRise = int64(time.Second)
)

// SignalStats is what a [Signal] last said, and what follows from it.
type SignalStats struct {
	Name    string
	Level   float64          // 1 and more is overloaded; 0 if it could not be read
	Sheds   weir.Criticality // the highest class that it may have refused
	Err     error            // why it could not be read, nil if it could
	Squeeze float64          // which share of that traffic, 0 to 1, it wants refused
}

// A monitor reads signals, and keeps for each the share of traffic that it wants
// refused: an integral, for a level alone does not tell how much less traffic
// would bring it below 1. While the level is 1 or more the share grows, the faster
// the higher the level is; from coolOff after that, it halves at every pause.
//
// It has no goroutine: the calls that it is to protect poll it, and one of those
// that find a reading due does it. All times are ns since the epoch of the caller.
type monitor struct {
	due     atomic.Int64              // when to read next
	wanted  atomic.Pointer[[]squeeze] // nil while all is calm
	coolOff int64

	// reading is held while user code runs. It is only ever tried, so that nobody
	// waits for it. It guards watched and last.
	reading sync.Mutex
	watched []watched
	last    int64 // when the signals were read last

	mu      sync.Mutex // guards results; never held while user code runs
	results []SignalStats
}

// newMonitor returns a monitor that has read nothing yet.
func newMonitor(signals []Signal, coolOff time.Duration) *monitor {
	m := &monitor{coolOff: max(0, int64(coolOff))}
	m.due.Store(math.MinInt64)
	if len(signals) == 0 {
		m.due.Store(math.MaxInt64)
	}
	for _, s := range signals {
		if s.Sheds == 0 {
			s.Sheds = weir.SheddablePlus
		}
		m.watched = append(m.watched, watched{Signal: s})
		m.results = append(m.results, SignalStats{Name: s.Name, Sheds: s.Sheds})
	}
	return m
}

// poll reads the signals if that is due and nobody else does it. It costs one
// atomic load if it is not due.
func (m *monitor) poll(now int64) {
	if now >= m.due.Load() {
		m.read(now)
	}
}

func (m *monitor) read(now int64) {
	if !m.reading.TryLock() {
		return
	}
	defer m.reading.Unlock()
	due := m.due.Load()
	if now < due {
		return // somebody has read between our look and our lock
	}
	elapsed := now - m.last
	if due == math.MinInt64 {
		elapsed = pollPause // the first time; what was before is none of our business
	}
	m.due.Store(now + pollPause)
	m.last = now
	defer m.settle(now, elapsed)
	m.readFrom(0)
}

// readFrom reads the signals from the i-th on. That the next are deferred makes a
// Read that ends its goroutine end nothing else.
func (m *monitor) readFrom(i int) {
	if i == len(m.watched) {
		return
	}
	defer m.readFrom(i + 1)
	m.watched[i].read()
}

// settle draws the consequences of a reading. The caller holds reading.
func (m *monitor) settle(now, elapsed int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []squeeze // stays nil while all is calm
	for i := range m.watched {
		w := &m.watched[i]
		w.integrate(now, elapsed, m.coolOff)
		if w.share > 0 {
			all = append(all, squeeze{w.share, w.Sheds, i})
		}
		m.results[i].Level, m.results[i].Err, m.results[i].Squeeze = w.level, w.err, w.share
	}
	if all == nil {
		m.wanted.Store(nil)
		return
	}
	published := all // not all itself, so that calm allocates nothing
	m.wanted.Store(&published)
}

// A squeeze is the share of the traffic of class and below, 0 to 1, that a signal
// wants refused. The signal is an index.
type squeeze struct {
	share  float64
	class  weir.Criticality
	signal int
}

// squeezes returns what the signals want that want something: none almost always. It
// costs one atomic load.
func (m *monitor) squeezes() []squeeze {
	if all := m.wanted.Load(); all != nil {
		return *all
	}
	return nil
}

// stats returns the state of all signals, in their order.
func (m *monitor) stats() []SignalStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.results)
}
