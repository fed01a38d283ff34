package load

import "math"

const (
	secondLimit      = 9   // once the first call is back
	growth           = 3.0 // of the limit, from round to round
	roundBack        = .7  // of a round must have come back
	startMemory      = 512 // calls; nothing is forgotten
	referenceMax     = 128 // calls after which rounds no longer count as clean, lest they creep up
	suspicion        = .5  // above clean latency: worth a look
	otherCalls       = 8.0 // times the latency that there was: calls of another kind, not a queue
	throughputMemory = 40  // calls
	slowdown         = 1.6 // times less throughput than there was: not a queue
)

// startUp is the state while the number of workers is unknown. The limit grows round by
// round, each a cohort that met more calls than the limit before allowed, until a round
// takes longer than clean calls do.
type startUp struct {
	limit            float64
	dip              float64 // limit while a suspicious round is looked into
	dips             int     // in this round
	inFlight         float64 // that many met no queue
	done, busy, full float64 // while calls were refused, of late; busy and full in ns
	calls, span      float64 // of late; span in ns
	throughput, peak float64 // smoothed, per ns
}

func (s *startUp) count(l *law, w *window) {
	k := w.done.count()
	fade := math.Exp(-k / 24)
	s.done, s.busy, s.full = s.done*fade, s.busy*fade, s.full*fade
	if l.full {
		s.done, s.busy, s.full = s.done+k, s.busy+w.busy, s.full+w.length
	}
	if s.done >= 3 {
		l.fast = s.done / s.busy
	}
	if w.length > 0 {
		fade := math.Exp(-k / throughputMemory)
		s.calls, s.span = s.calls*fade+k, s.span*fade+w.length
		s.throughput = s.calls / s.span * min(1, s.calls/throughputMemory*2)
		s.peak = max(s.peak, s.throughput)
	}
}

func (s *startUp) forget() { s.done, s.busy, s.full = 0, 0, 0 }

// saturated is the throughput while calls were refused.
func (l *law) saturated() float64 {
	if s := &l.start; s.done >= 3 {
		return s.done / max(s.busy, s.full)
	}
	return l.fast
}

func (l *law) starting(w *window) {
	if l.clean.weight == 0 {
		l.first(w)
		return
	}
	if w.clean.back(l.cleanWant.size, .95) {
		l.clean.learn(w.clean.censored(l.now, l.latency), startMemory)
		l.refresh(16)
		w.clean = cohort{}
	} else if l.cleanAge > 5*patienceOf(l.cleanWant.size) {
		l.refresh(16)
	}
	c := w.crowded
	switch {
	case l.plain(w):
		l.round(c.since(l.now), w)
	case c.back(l.crowdWant.size, roundBack):
		l.round(c.censored(l.now, l.latency), w)
	case l.age <= patienceOf(l.crowdWant.size):
	case c.count() >= .5*l.crowdWant.size:
		l.round(c.alive(), w) // the others hang
	case l.full:
		l.settle(max(1, l.inFlight)) // no call has the time to meet a crowd
	default:
		l.gather(l.crowdWant.size) // gathered for too long
	}
}

// first waits for the first call, which met nobody: it is clean however few workers there
// are.
func (l *law) first(w *window) {
	if l.cleanAge > patienceOf(1) {
		l.refresh(1) // that call hangs
		return
	}
	if w.clean.back(1, 1) {
		l.clean.learn(w.clean, startMemory)
		l.refresh(16)
		l.start.limit = max(l.start.limit, secondLimit)
		l.start.forget()
		l.gather(8)
	}
}

// plain tells that there is a queue before the round is back: it has been out for long.
func (l *law) plain(w *window) bool {
	c := w.crowded
	ref := l.reference(w)
	if c.admitted < min(8, l.crowdWant.size) || c.admitted < .5*l.crowdWant.size || ref.weight == 0 {
		return false
	}
	e := c.since(l.now)
	return ref.above(e) > .5+2*math.Sqrt(1/e.count()+l.clean.lnVar/ref.weight)
}

// reference is clean latency with what is known of a clean cohort that is incomplete.
func (l *law) reference(w *window) cleanLatency {
	ref := l.clean
	if w.clean.admitted > 0 {
		c := w.clean.censored(l.now, 0)
		ref.weight += c.count()
		ref.log += c.count() / ref.weight * (c.log() - ref.log)
	}
	return ref
}

// round decides what comes after a round.
func (l *law) round(c cohort, w *window) {
	ref := l.reference(w)
	if ref.weight == 0 {
		l.clean.learn(c, 4)
		l.widen()
		return
	}
	if l.slower(c, ref) {
		l.settle(c.crowding())
		return
	}
	k := c.count()
	d := ref.above(c)
	noise := math.Sqrt((l.clean.lnVar*8+c.logVar()*k)/(8+k)/k + l.clean.lnVar/ref.weight)
	if w.crowded.forOne(ref.above(w.crowded), noise) {
		l.alone()
		return
	}
	l.tell("start: limit %.0f, in flight %.1f, %.2f above, noise %.2f of %.0f", l.start.limit, c.crowding(), d, noise, ref.weight)
	switch {
	case d > .15+2*noise && (ref.weight >= 8 || l.start.dips > 1):
		if w.clean.count() > 0 {
			l.clean.learn(w.clean.censored(l.now, 0), startMemory)
		}
		l.settle(c.crowding())
	case d > suspicion && l.start.dips < 2:
		l.beginDip(c.crowding() * math.Exp(-d))
	default:
		l.passed(c, d, noise)
	}
}

// slower tells that the service has slowed down, so that a queue says nothing: less is
// done than before, or latency rose at a crowding that met no queue.
func (l *law) slower(c cohort, ref cleanLatency) bool {
	s := &l.start
	if l.roundCapped && ref.weight >= 8 && s.done >= 12 && s.peak > slowdown*l.saturated() {
		return true
	}
	return c.crowding() < 1.1*s.inFlight && ref.weight >= 24 &&
		ref.above(c) > .2+2*l.clean.noise(c.count())
}

// passed takes in a round without a queue.
func (l *law) passed(c cohort, d, noise float64) {
	if d < .15 && l.clean.weight >= 16 {
		l.start.inFlight = max(l.start.inFlight, c.crowding())
	}
	if d < .3+.3*noise && l.clean.weight < referenceMax {
		l.clean.learn(c, startMemory)
	}
	l.widen()
}

// widen begins the next round. What demand calls for bounds the limit.
func (l *law) widen() {
	s := &l.start
	s.dips = 0
	s.forget()
	need := l.demand * l.clean.mean()
	most := max(18, 1.25*need+16)
	if l.roundCapped {
		most = max(18, 1.65*need+16, 1.25*s.limit)
	}
	s.limit = max(s.limit, min(s.limit*growth, most))
	l.again()
}

func (l *law) again() { l.gather(max(8, l.start.limit*(1-1/growth))) }

// beginDip lowers the limit to about the workers that a round points to: if clean
// latency turns out as high there, there was no queue.
func (l *law) beginDip(workers float64) {
	l.start.dips++
	l.probing = true
	l.start.dip = max(1, math.Floor(1.2*workers))
	l.refresh(max(5, 1.5*l.lo()))
	l.setProbeEnd()
	l.tell("dip: to %.0f", l.lo())
}

func (l *law) endDip(w *window) {
	if !w.clean.back(l.cleanWant.size, .95) && l.now < l.probeEnd {
		return
	}
	l.probing = false
	l.start.forget()
	if c := w.clean.censored(l.now, l.latency); c.count() >= 3 {
		l.clean.weight = min(l.clean.weight, 4)
		l.clean.learn(c, startMemory)
	}
	l.again()
	l.refresh(16)
}

// settle ends the start: there is a queue at so many in flight.
func (l *law) settle(inFlight float64) {
	c := l.saturated()
	if f := l.start.peak / c; f > slowdown {
		l.clean.scale(f / 1.1) // clean latency is of before
	}
	l.setCapacity(c)
	unsure := 1 + .5*l.clean.noise(max(4, l.clean.weight))
	l.workers = max(1, l.start.inFlight, min(c*l.clean.mean()*unsure, inFlight))
	l.clean.weight = min(l.clean.weight, 16)
	l.clean.shapeWeight = min(l.clean.shapeWeight, 16)
	if mean := l.clean.mean(); mean > otherCalls*l.clean.patience {
		l.clean.patience, l.clean.patienceOf = mean, l.clean.weight
	}
	// Of one worker, throughput says what a call takes; a few calls do not.
	if mean := 1 / c; l.workers == 1 && mean > l.clean.patience && l.clean.patienceOf < 16 {
		l.clean.patience, l.clean.patienceOf = mean, 8
	}
	l.phase = steady
	l.anchor = c
	l.doubtful = true
	l.quick = 3
	l.sinceProbe, l.probeAt = 0, l.now
	l.gather(crowdSize)
	l.refresh(l.cleanSize())
	l.tell("start ends: workers %.1f, capacity %.3g/ns", l.workers, c)
}

// alone ends the start where one worker takes one call after the other, so that what a
// call takes follows from throughput.
func (l *law) alone() {
	l.settle(1)
	l.workers = 1
	mean := 1 / l.capacity
	l.clean.scale(mean / l.clean.mean())
	l.clean.arithmetic, l.clean.slower = mean, 0
	l.clean.patience, l.clean.patienceOf = mean, 8
	l.tell("start: one worker")
}
