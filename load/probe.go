package load

import "math"

const (
	cleanMemory = 128  // calls
	probeEvery  = 50.0 // times what a probe costs
	probeSoon   = 20.0 // the same while the number of workers is in doubt
)

// While the number in flight stays at the limit, nothing tells W workers with a queue
// from more workers without one. So now and then a probe lets the number fall below W
// for a few calls, as BBR does with round-trip time. Where it falls by itself, no probe
// is needed.

func (l *law) cleanSize() float64 {
	if l.quick > 0 {
		return 8
	}
	return 32
}

func (l *law) probeSize() float64 { return min(max(2*l.lo(), 6), 48) }

func (l *law) maybeProbe() {
	if l.single {
		return
	}
	mean := l.clean.mean()
	idle := max(1-l.lo()/l.workers, min(1, 1/(l.demand*mean)))
	cost := (l.probeSize()/l.lo()*idle + .5) * mean // ns of all workers
	wait, calls := max(50*max(l.latency, 1), probeEvery*cost), 800.0
	if l.quick > 0 || l.clean.weight < 8 {
		wait, calls = probeSoon*cost, 2*l.limit()
	}
	if l.now-l.probeAt <= wait || l.sinceProbe <= calls {
		return
	}
	l.probing = true
	l.refresh(l.probeSize())
	l.setProbeEnd()
	l.gather(crowdSize)
}

// setProbeEnd gives a probe the time that the queue takes to drain, and its calls.
func (l *law) setProbeEnd() {
	drain := l.inFlight / l.fast
	each := max(l.clean.mean(), drain/6)
	if l.phase == starting {
		each = max(each, l.latency) // clean latency may be of one call, which was short
	}
	l.probeEnd = l.now + 1.5*drain + (l.cleanWant.size/l.lo()+6)*each
}

func (l *law) endProbe(w *window) {
	back := w.clean.back(l.cleanWant.size, .95)
	if !back && l.now < l.probeEnd {
		return
	}
	l.probing = false
	if !back && float64(w.clean.filled) > l.probeEnd {
		// Nobody looked for long. Who has come in since need not be as old as calls
		// were when the probe began, so these are a cohort like any other.
		l.probeAt, l.sinceProbe = l.now, 0
		l.gather(crowdSize)
		return
	}
	l.measured(w.clean.censored(l.now, l.latency))
	l.refresh(l.cleanSize())
	l.gather(crowdSize)
}

// measured takes in a clean cohort, and the number of workers that follows if capacity
// is of the same time.
func (l *law) measured(c cohort) {
	if c.count() < 3 {
		l.probeAt, l.sinceProbe = l.now, 0
		return
	}
	if math.Abs(l.clean.above(c)) > .2+1.5*l.clean.noise(c.count()) {
		l.clean.weight = 0 // something else than before
	}
	l.clean.learn(c, cleanMemory)
	l.anchor = l.capacity
	l.doubtful = false
	if l.fullDone < 32 {
		return // capacity at part load follows from the number of workers: no news
	}
	l.probeAt, l.sinceProbe = l.now, 0
	l.correct(l.capacity * l.clean.mean())
}

// correct moves the number of workers towards what was found.
func (l *law) correct(found float64) {
	low, high := .8, 1.15
	if l.clean.foreign() {
		found = min(found, l.workers*.9)
	}
	if l.quick > 0 {
		l.quick--
		if math.Abs(math.Log(found/l.workers)) < .3 {
			l.quick = 0
		}
		low, high = .4, 2.5
	}
	step := math.Pow(found/l.workers, l.clean.weight/(l.clean.weight+8))
	if step < .7 {
		l.quick = max(l.quick, 1)
	}
	if l.quick == 0 && math.Abs(math.Log(found/l.workers)) > .2 {
		l.deep = false // to be looked at again
	}
	l.workers = max(1, l.workers*min(max(step, low), high))
	l.tell("probe: found %.1f, workers %.1f", found, l.workers)
}
