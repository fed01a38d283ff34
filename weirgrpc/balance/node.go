package balance

import (
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/weirgo/weir"
)

const (
	// rise is how much of the way to a longer latency the estimate goes at once.
	rise = 0.5
	// leap is how many times the estimate a call is taken to take at the most. One
	// outlier must not turn a node away for a minute; a node that is slower than that
	// shows it again.
	leap = 8
	// telling is how much one outcome tells of the share of successes at the least.
	telling = 1.0 / 8
	// hopeless is the least share of successes that a node is taken to have.
	hopeless = 0.05
	// shortest is the least that a call is taken to take: clocks are coarse.
	shortest = float64(time.Microsecond)
	// start is which part of its share a node gets that begins slowly.
	start = 0.1
)

// figure is a float64 that is read and written in one piece.
type figure struct{ bits atomic.Uint64 }

func (f *figure) load() float64   { return math.Float64frombits(f.bits.Load()) }
func (f *figure) store(v float64) { f.bits.Store(math.Float64bits(v)) }

// standing is where a node is on its way to serving calls.
type standing uint8

const (
	fresh   standing = iota // it was never ready
	serving                 // it was ready, and not unreachable since
	failed                  // it could not be reached when it was last tried
)

// A node is one server. It lives as long as its endpoint is listed, and some time
// longer; pickers come and go meanwhile.
type node struct {
	fleet     *fleet
	endpoint  resolver.Endpoint               // as it was first listed
	address   string                          // the first in the order of strings
	addresses string                          // all of them, in that order: no two nodes have the same
	child     atomic.Pointer[balancer.Picker] // nil until it is first ready

	state   standing      // guarded by the fleet's mu, as are the next two
	present bool          // in the list
	listed  time.Duration // when it was last in the list, if it is not

	// What pickers read without a lock.
	picks  atomic.Uint64 // calls it was given
	ended  atomic.Uint64 // of these, how many are over
	picked atomic.Int64  // when it was last given one
	warm   atomic.Int64  // when it gets, or got, its full share
	cost   figure        // latency over the square of success; below 0: so many times what is typical

	mu       sync.Mutex
	latency  float64       // guarded by mu, as are all below; nanoseconds, 0 while unknown
	success  float64       // share of calls that succeed
	learnt   time.Duration // when both were last changed
	reach    float64       // the most that latency can become by calls that end together
	leapt    time.Duration // when reach was last set
	failures uint64
}

func newNode(f *fleet, e resolver.Endpoint) *node {
	n := &node{fleet: f, endpoint: e, success: 1}
	var all []string
	for _, a := range e.Addresses {
		all = append(all, a.Addr)
	}
	slices.Sort(all)
	if len(all) > 0 {
		n.address, n.addresses = all[0], strings.Join(all, "\x00")
	}
	n.cost.store(-1)
	return n
}

// begin makes a node serve. One that could not be reached is another one now, as
// far as one can know. The caller holds the fleet's mu.
func (n *node) begin(now time.Duration, slowly bool) {
	n.mu.Lock()
	n.learnt = now // what it is taken for at first fades from now on
	if n.state == failed {
		n.latency, n.success, n.reach = 0, 1, 0
		n.cost.store(-1)
	}
	n.mu.Unlock()
	n.state = serving
	n.picked.Store(int64(now))
	n.warm.Store(int64(now))
	if slowly {
		n.warm.Add(int64(n.fleet.opts.Load().SlowStart))
	}
}

// readiness returns which part of its share a node should get, 0 to 1.
func (n *node) readiness(now, slowStart time.Duration) float64 {
	left := time.Duration(n.warm.Load()) - now
	if left <= 0 {
		return 1
	}
	return max(start, 1-float64(left)/float64(slowStart))
}

// price is what a call costs on a node that is idle.
func (n *node) price(typical float64) float64 {
	c := n.cost.load()
	if c < 0 {
		return -c * typical
	}
	return c
}

// inFlight may be off by what happens while it is read, which never makes it
// negative: ended is read first.
func (n *node) inFlight() uint64 {
	ended := n.ended.Load()
	return n.picks.Load() - ended
}

// A lesson is what a call that is over tells.
type lesson struct {
	outcome weir.Outcome
	timed   bool // its duration tells how long calls take
	answer  bool // it ended without an error of any kind
	took    time.Duration
}

// settle learns from a call that is over.
func (n *node) settle(now time.Duration, l lesson) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended.Add(1)
	if l.outcome == weir.Ignored {
		return
	}
	memory := remaining(now-n.learnt, n.fleet.opts.Load().Decay)
	n.learnt = max(n.learnt, now)
	n.countLocked(l.outcome == weir.Success, memory)
	if l.timed {
		n.timeLocked(now, l, memory)
	}
	n.appraiseLocked()
}

// remaining is what part of an average is left after a time.
func remaining(since, decay time.Duration) float64 {
	x := float64(since) / float64(decay)
	if x < 1e-3 {
		return 1 - max(0, x) // where the exponential is no other, but takes long
	}
	return math.Exp(-x)
}

func (n *node) countLocked(succeeded bool, memory float64) {
	result := 1.0
	if !succeeded {
		result = 0
		n.failures++
	}
	n.success += (result - n.success) * max(1-memory, telling)
}

// timeLocked takes a call's duration into the estimate. An error that came fast,
// even if it is the caller's fault, says nothing about how long an answer takes.
func (n *node) timeLocked(now time.Duration, l lesson, memory float64) {
	took := max(shortest, float64(l.took))
	if n.latency == 0 {
		n.latency = n.fleet.typical.load()
	}
	switch {
	case n.latency == 0 && l.outcome == weir.Success:
		n.latency = took
	case took > n.latency && n.latency > 0:
		n.latency += (min(took, n.reachLocked(now)) - n.latency) * rise
	case l.answer:
		n.latency = took + (n.latency-took)*memory
	}
}

// reachLocked returns how far a longer call can move the estimate. Those that end
// together, as in a restart, are one outlier: they leap from the same place.
func (n *node) reachLocked(now time.Duration) float64 {
	if n.reach == 0 || now-n.leapt >= appraisal {
		n.leapt, n.reach = now, n.latency*leap
	}
	return max(n.reach, n.latency)
}

func (n *node) appraiseLocked() {
	s := max(n.success, hopeless)
	if n.latency == 0 {
		n.cost.store(-1 / (s * s))
		return
	}
	n.cost.store(n.latency / (s * s))
}
