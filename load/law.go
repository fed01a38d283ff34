package load

// A law finds how many calls a service can work on at a time, and from that how many
// to let in. It is a plain state machine: it is told window by window what happened and
// answers with a verdict. It reads no clock; all it knows is counted in completions, in
// nanoseconds, and in time that workers were busy.
//
// What it estimates is W, the number of workers. At n calls in flight, a call takes S
// while n <= W and n/C beyond, with C = W/S (Little's law). W is what stays when the
// service slows down: C falls and S rises. So the limit is a count, and it moves only on
// latency and throughput of the same time.
//
// Latencies are compared as means of logarithms over cohorts, see [cohort].
type law struct {
	now     float64
	phase   phase
	probing bool // the limit is low, to see latency without a queue

	workers float64 // W

	rates
	clean cleanLatency
	start startUp

	cleanWant, crowdWant want
	ids                  int     // of cohorts so far
	age, cleanAge        float64 // completions since these were begun
	roundCapped          bool    // the limit has refused calls since crowdWant was begun

	streak     int     // steps up in a row
	single     bool    // there is one worker, as the order tells in which calls come back
	deep       bool    // that may be so: probes look at fewer calls at a time
	doubtful   bool    // clean latency was shifted, not measured
	quick      int     // probes to come soon
	sinceProbe float64 // completions
	probeAt    float64 // when the last one ended
	probeEnd   float64 // when this one is given up

	trace func(format string, args ...any) // if set, told of rare transitions
}

type phase int

const (
	starting phase = iota // no queue has been seen yet
	steady
)

// A window is what happened since the verdict before.
type window struct {
	length                   float64 // ns
	busy                     float64 // ns for which verdict.busyAt calls were in flight, or a share of them
	done                     total
	timeout, pushed, refused float64
	capped                   float64 // of refused: close to the limit
	again                    float64 // of refused: let in by DryRun, and so counted elsewhere as well
	grown                    float64 // by how much more are in flight than before
	clean, crowded           cohort  // since they were begun, not since the verdict before
}

// A verdict is what holds until the next window is closed.
type verdict struct {
	limit          float64 // of the calls in flight
	probing        bool    // the limit is lo until clean.size calls are in
	eager          bool    // the window is to be closed as soon as a cohort is back
	lo, hi         float64 // a call is clean at n <= lo, crowded at n >= hi
	clean, crowded want
	busyAt         float64 // so many in flight keep the service busy
	deadline
}

// newLaw returns a law that lets so many calls in before it knows anything.
func newLaw(first float64) *law {
	l := &law{workers: 2}
	l.clean = cleanLatency{shape: 1.3, lnVar: .7, cv2: .5}
	l.full = true
	l.start.limit = first
	l.gather(8)
	l.refresh(1)
	return l
}

// close takes in a window that ends now, in ns since any time.
func (l *law) close(now float64, w window) verdict {
	l.now = now
	l.count(&w)
	switch {
	case l.phase == starting && l.probing:
		l.endDip(&w)
	case l.phase == starting:
		l.starting(&w)
	case l.shifted():
	case l.probing:
		l.endProbe(&w)
	default:
		l.steady(&w)
	}
	return l.verdict()
}

func (l *law) verdict() verdict {
	v := verdict{
		limit: l.limit(), probing: l.probing, lo: l.lo(), hi: l.hi(), busyAt: l.workers,
		eager: l.probing || l.phase == starting,
		clean: l.cleanWant, crowded: l.crowdWant, deadline: l.deadline(),
	}
	if l.phase == starting {
		v.busyAt = max(1, l.start.limit/9) // as many as two rounds before, which met no queue
	}
	return v
}

// eager tells that a window is to be closed at once, because a cohort is back.
func (l *law) eager(clean, crowded cohort) bool {
	if l.probing {
		return clean.back(l.cleanWant.size, .95)
	}
	return l.phase == starting && (crowded.back(l.crowdWant.size, roundBack) || clean.back(l.cleanWant.size, 1))
}

func (l *law) tell(format string, args ...any) {
	if l.trace != nil {
		l.trace(format, args...)
	}
}
