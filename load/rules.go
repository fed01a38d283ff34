package load

import "sync/atomic"

// rules are what admission goes by. The control writes them, window by window;
// calls only read them. They are not read as one: for a moment a call may see some
// old and some new, all of which were right a moment ago.
type rules struct {
	hung    atomic.Int64             // calls in flight that do not count, for they never end
	calm    atomic.Int64             // calls in flight up to which nobody is asked anything
	limits  [numClasses]atomic.Int64 // calls in flight, by class
	base    atomic.Int64             // the limit, were there only one class
	burst   atomic.Int64             // the limit of calls with a deadline while a burst lasts, else 0
	lo      atomic.Int64             // with so many in flight nobody waits for a worker
	probe   atomic.Int64             // the limit while
	probing atomic.Bool              // it is lowered to measure,
	exempt  atomic.Int32             // but not of this class and those above

	workers   float
	perWorker float        // 1 / workers
	rate      float        // capacity in calls per ns; 0 is unknown
	service   float        // how long a call takes that need not wait, in ns; 0 is unknown
	offered   float        // arrivals per ns
	pushback  float        // share of the calls to refuse because they are refused further down
	patience  atomic.Int64 // ns that a call has if it does not say so; 0: for ever

	kind   atomic.Uint32 // which calls are in the cohort
	size   atomic.Uint64 // how many
	bottom float         // what kind compares with

	closeAt  atomic.Int64      // when the window may be closed
	shares   [numClasses]float // of the classes among what arrives
	dropping atomic.Bool
	drop     [numClasses]float // share of the class that is refused at the door
}

// mix returns the shares of the classes.
func (r *rules) mix() (m mix) {
	for i := range m {
		m[i] = r.shares[i].Load()
	}
	return m
}

// limit returns how many calls may be in flight for one of the class to be admitted.
func (r *rules) limit(class int) int64 {
	limit := r.limits[class].Load()
	if r.probing.Load() && class < int(r.exempt.Load()) {
		limit = min(limit, r.probe.Load())
	}
	return limit
}

// The kinds of cohorts.
const (
	cleanCalls   = iota // those that met at most lo in flight
	busyCalls           // those that met at least bottom
	crowdedCalls        // those that met more than the share bottom of their limit
)

// joins reports whether a call is one of those that the cohort is about. It is the
// n-th in flight, of at most limit.
func (r *rules) joins(n, limit int64) bool {
	switch r.kind.Load() {
	case cleanCalls:
		return n <= r.lo.Load()
	case busyCalls:
		return float64(n) >= r.bottom.Load()
	}
	return float64(n) > r.bottom.Load()*float64(min(limit, r.base.Load()))
}
