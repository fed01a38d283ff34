package load

import "sync/atomic"

// rules are what admission goes by. The control writes them, window by window;
// calls only read them. They are not read as one: for a moment a call may see some
// old and some new, all of which were right a moment ago.
type rules struct {
	calm    atomic.Int64             // calls in flight up to which nobody is asked anything
	limits  [numClasses]atomic.Int64 // calls in flight, by class
	lo      atomic.Int64             // with at most so many in flight nobody waits for a worker
	hi      atomic.Int64             // with at least so many there is a crowd
	probe   atomic.Int64             // the limit while
	probing atomic.Bool              // it is lowered to measure,
	exempt  atomic.Int32             // but not for this class and those above
	filling atomic.Int32             // the lowest class that is admitted to more than idle workers

	perWorker float // 1 / the workers whose business busy time is measured by
	service   float // how long a call takes that need not wait, in ns; 0 is unknown
	usual     float // how long calls took of late, in ns
	workers   float // how many calls are worked on at a time; floor is less while calls are late
	base      float // the limit, were there only one class
	fast      float // from here on: see deadline
	floor     float
	spread    float
	wait      float
	room      float
	patience  atomic.Int64
	offered   float // arrivals per ns
	pushback  float // share of the calls to refuse because they are refused further down

	// What follows from all that for the calls that need no arithmetic; see foresee.
	sure    [numClasses]atomic.Int64 // the limit for those that have no time left at all
	undated [numClasses]atomic.Int64 // the limit for those that have no deadline
	ample   [numClasses]atomic.Int64 // more time left than this, in ns, makes no difference
	spare   [numClasses]atomic.Int64 // with so much, calls in flight beyond the limit

	closeAt  atomic.Int64      // when the window may be closed
	shares   [numClasses]float // of the classes among what arrives
	dropping atomic.Bool
	drop     [numClasses]float // share of the class that is refused at the door
}

// deadline returns what tells how many calls are done in time.
func (r *rules) deadline() deadline {
	return deadline{
		fast: r.fast.Load(), floor: r.floor.Load(), spread: r.spread.Load(),
		wait: r.wait.Load(), room: r.room.Load(), patience: float64(r.patience.Load()),
	}
}

// mix returns the shares of the classes.
func (r *rules) mix() (m mix) {
	for i := range m {
		m[i] = r.shares[i].Load()
	}
	return m
}

// limit returns how many calls may be in flight for one of the class to be admitted.
func (r *rules) limit(class int) int64 { return r.lowered(r.limits[class].Load(), class) }

// lowered returns the limit, or that for measuring if the class is held to it.
func (r *rules) lowered(limit int64, class int) int64 {
	if r.probing.Load() && class < int(r.exempt.Load()) {
		limit = min(limit, r.probe.Load())
	}
	return limit
}

// reserve returns how many calls in flight the most critical class has to itself.
func (r *rules) reserve(class int) float64 {
	return float64(max(0, r.limits[numClasses-1].Load()-r.limits[class].Load()))
}
