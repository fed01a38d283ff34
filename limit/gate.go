package limit

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	firstPause = 100 * time.Millisecond // from a failure to the first probe
	maxPause   = 500 * time.Millisecond // from one probe to the next, before jitter
	endless    = 100 * 365 * day        // more than a call may take, and far from overflow
)

var errHung = errors.New("limit: the store lets nobody go, whatever their contexts say")

// A gate keeps callers away from a store that does not work. One failure opens
// it: from then on a single caller at a time is let through to probe the store,
// 100 ms after the failure and then at twice the distance, up to 500 ms, a
// quarter more or less at random so that replicas do not probe in step. The
// first probe that is answered closes it.
//
// A probe is a lease: it has put off the next one, and that is all. A prober
// that hangs, panics or ends its goroutine wedges nothing.
type gate struct {
	epoch    time.Time
	patience time.Duration // how long a call may take
	hung     time.Duration // after so long without any answer no more callers join; 0 never
	phase    atomic.Pointer[phase]
	failures atomic.Uint64
	silent   atomic.Bool // silence is not zero

	news *news // shared by the gates of a door

	mu      sync.Mutex // for transitions; never held across a call of anything
	silence silence
}

// A phase is a time in which the store works, or does not. What becomes of a
// call counts only in the phase in which the call began: a late failure says
// nothing of a store that has recovered since.
type phase struct {
	since  time.Time
	broken bool

	// While the store works.
	inside atomic.Int64 // calls that it has not answered
	heard  atomic.Int64 // when the last one returned, or the first one began

	// While it does not.
	next  atomic.Int64 // when the next probe may go
	pause atomic.Int64 // from its failure to the one after; belongs to the prober
}

// A pass is the right to ask the store once.
type pass struct {
	phase *phase
	start int64
	lease int64 // what a probe has set phase.next to
}

// init makes the gate ready for calls of at most the timeout; negative if only
// the callers' contexts bound them.
func (g *gate) init(epoch time.Time, timeout time.Duration, n *news) {
	g.epoch, g.patience, g.news = epoch, timeout, n
	if timeout < 0 {
		g.patience = defaultTimeout
	} else {
		g.patience = min(timeout, endless)
		g.hung = 2*g.patience + firstPause
	}
	g.phase.Store(&phase{since: g.epoch})
}

func (g *gate) now() int64 { return int64(time.Since(g.epoch)) }

// open reports whether callers are kept away from the store.
func (g *gate) open() bool { return g.phase.Load().broken }

// enter reports whether the caller may ask the store. Whoever may must end the
// pass by worked, failed or abandoned.
func (g *gate) enter() (pass, bool) {
	p := pass{phase: g.phase.Load(), start: g.now()}
	if !p.phase.broken {
		return p, g.join(p)
	}
	next := p.phase.next.Load()
	if p.start < next {
		return pass{}, false
	}
	p.lease = p.start + int64(g.patience+maxPause)
	return p, p.phase.next.CompareAndSwap(next, p.lease)
}

// join counts the caller among those inside, unless the store holds somebody for
// longer than one that heeds its context could. Then more callers would only be
// held, too, and no failure would ever be seen.
func (g *gate) join(p pass) bool {
	if p.phase.inside.Load() == 0 {
		p.phase.heard.Store(p.start)
	} else if g.hung > 0 && p.start-p.phase.heard.Load() > int64(g.hung) {
		g.settle(p, errHung)
		return false
	}
	p.phase.inside.Add(1)
	return true
}

func (p pass) leave(now int64) {
	if !p.phase.broken {
		p.phase.heard.Store(now) // first, lest somebody sees an old time and company
		p.phase.inside.Add(-1)
	}
}

// worked ends a pass with a good answer.
func (g *gate) worked(p pass) {
	p.leave(g.now())
	if p.phase.broken || g.silent.Load() {
		g.settle(p, nil)
	}
}

// failed ends a pass without one.
func (g *gate) failed(p pass, err error) {
	p.leave(g.now())
	g.settle(p, err)
}

// settle takes in what a call found out.
func (g *gate) settle(p pass, err error) {
	if err != nil {
		g.failures.Add(1)
		g.news.failed(err)
	}
	if g.take(p, err) {
		g.news.tell()
	}
	if err != nil && p.phase.broken {
		p.postpone(g.now(), 2)
	}
}

// take reports whether a new phase begins.
func (g *gate) take(p pass, err error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silence = silence{}
	g.silent.Store(false)
	broken := err != nil
	if g.phase.Load() != p.phase || p.phase.broken == broken {
		return false
	}
	next := &phase{since: time.Now(), broken: broken}
	if broken {
		next.next.Store(g.now() + jittered(int64(firstPause)))
		next.pause.Store(int64(2 * firstPause))
	}
	g.phase.Store(next)
	g.news.add(broken, err)
	return true
}

// postpone sets when the next probe goes, after this one did not help, and makes
// the pause after that so many times longer. If the probe outlasted its lease,
// somebody else sees to that.
func (p pass) postpone(now int64, factor int64) {
	pause := p.phase.pause.Load()
	if p.phase.next.CompareAndSwap(p.lease, now+jittered(pause)) {
		p.phase.pause.Store(min(factor*pause, int64(maxPause)))
	}
}

func jittered(pause int64) int64 { return pause*3/4 + rand.Int64N(pause/2) }

// untilProbe returns how long nobody will ask the store, at least 1 ns.
func (g *gate) untilProbe() time.Duration {
	return max(1, time.Duration(g.phase.Load().next.Load()-g.now()))
}
