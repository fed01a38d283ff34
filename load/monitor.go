package load

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

const pollPause = int64(250 * time.Millisecond)

// SignalStats is what a [Signal] last said, and what follows from it.
type SignalStats struct {
	Name    string
	Level   float64          // 1 and more is overloaded; 0 if it could not be read
	Sheds   weir.Criticality // the highest class that it may have refused
	Err     error            // why it could not be read, or that it has not answered yet; nil if it has
	Squeeze float64          // which share of that traffic, 0 to 1, it wants refused
}

// A monitor reads signals, and keeps for each the share of traffic that it wants
// refused: an integral, for a level alone does not tell how much less traffic
// would bring it below 1. With each level of 1 or more the share grows, the more the
// higher the level is; from coolOff after that, it halves at every pause.
//
// It has no goroutine: the calls that it is to protect poll it, and one of those
// that find a reading due does it. Where a signal does not answer, only the call that
// has asked it waits; the next ones leave it out. All times are ns since the epoch
// of the caller.
type monitor struct {
	due     atomic.Int64              // when to read next
	wanted  atomic.Pointer[[]squeeze] // nil while all is calm
	coolOff int64

	mu      sync.Mutex // guards watched; never held while user code runs
	watched []watched
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
		m.watched = append(m.watched, watched{Signal: s, askedAt: math.MinInt64, at: math.MinInt64})
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
	due := m.due.Load()
	if now < due || !m.due.CompareAndSwap(due, now+pollPause) {
		return // somebody was faster
	}
	defer m.publish()
	m.readFrom(0, now)
}

// readFrom reads the signals from the i-th on. That the next are deferred makes a
// Read that ends its goroutine end nothing else.
func (m *monitor) readFrom(i int, now int64) {
	if i == len(m.watched) {
		return
	}
	defer m.readFrom(i+1, now)
	w := &m.watched[i]
	if !m.begin(w, now) {
		return
	}
	a := answer{err: errEnded} // which it stays if Read ends its goroutine
	defer func() { m.end(w, now, a) }()
	a.get(w.Read)
}

// begin reports whether a signal may be asked.
func (m *monitor) begin(w *watched, now int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.asked {
		w.cool(now, m.coolOff) // no answer counts as a calm one
		return false
	}
	if now <= w.askedAt {
		return false // we were held up, and others have asked since
	}
	w.asked, w.askedAt = true, now
	return true
}

// end takes in the answer of a signal that was asked at now.
func (m *monitor) end(w *watched, now int64, a answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.asked, w.answer = false, a
	w.integrate(now, m.coolOff)
}

// publish writes what the signals want.
func (m *monitor) publish() {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []squeeze // stays nil while all is calm
	for i := range m.watched {
		if w := &m.watched[i]; w.share > 0 {
			all = append(all, squeeze{w.share, w.Sheds, i})
		}
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
func (m *monitor) stats(now int64) (all []SignalStats) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.watched {
		all = append(all, m.watched[i].stats(now))
	}
	return all
}
