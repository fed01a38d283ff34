package load

import "math"

const (
	crowdSize   = 64
	noQueue     = .2 // above clean latency
	surelyQueue = .5 // above clean latency
	changed     = .4 // of the logarithm of capacity
	stepUp      = 1.25
)

// steady holds the number of workers and corrects it: upwards where a crowd meets no
// queue, downwards where a few do, and by probes.
func (l *law) steady(w *window) {
	switch {
	case w.clean.back(l.cleanWant.size, .95):
		l.measured(w.clean.censored(l.now, l.latency))
		l.refresh(l.cleanSize())
	case l.cleanAge > 40*l.cleanWant.size:
		l.refresh(l.cleanSize()) // its first members are too old
	}
	c := w.crowded
	switch {
	case c.back(l.crowdWant.size, .9):
		l.compare(c.censored(l.now, l.latency))
	case l.age <= patienceOf(l.crowdWant.size)+l.limit():
	case c.count() >= .5*l.crowdWant.size:
		l.compare(c.alive()) // the others hang
	default:
		l.gather(l.crowdWant.size)
	}
	if l.full {
		l.maybeProbe()
	}
}

// shifted tells that the service has become slower or faster. The number of workers is
// held; clean latency is taken to have moved the other way, until it is measured.
func (l *law) shifted() bool {
	if l.anchor == 0 {
		return false
	}
	noise := math.Sqrt((1 + min(6, l.clean.cv2)) / 2 / memoryShift)
	if math.Abs(math.Log(l.recent/l.anchor)) <= max(changed, 2.5*noise) {
		return false
	}
	l.tell("shift: capacity %.3g to %.3g/ns", l.anchor, l.recent)
	l.clean.scale(l.anchor / l.recent)
	l.clean.weight = min(l.clean.weight, 8)
	l.capacity, l.anchor = l.recent, l.recent
	if !l.single {
		l.quick = max(l.quick, 1)
	}
	l.doubtful = true
	l.probing = false
	l.gather(crowdSize)
	l.refresh(l.cleanSize())
	return true
}

// compare looks at a crowd: where it meets no queue there are more workers, and where
// it meets one, its latency says how many there are.
func (l *law) compare(c cohort) {
	if l.anchor == 0 {
		l.anchor = l.capacity
	}
	defer l.gather(crowdSize)
	d := l.clean.above(c)
	l.lookForOne(c, d)
	found := c.crowding() * math.Exp(-d)
	switch {
	case l.clean.weight < 8 || l.doubtful && l.clean.weight < 10: // not known well enough
	case l.roundCapped && !l.clean.foreign() && d < max(noQueue, .5*math.Log(c.crowding()/l.workers)):
		l.more()
	case !l.roundCapped && d > surelyQueue && l.clean.weight >= 16 && found < .8*l.workers && l.workers > 1:
		l.workers = max(1, .6*l.workers, 1.05*found)
		l.tell("fewer: workers %.1f", l.workers)
	default:
		l.streak = 0
	}
}

// lookForOne takes in what the order says in which a crowd came back: nobody overtakes
// where one worker takes one call after the other. Then there is nothing to probe for, and
// what a call takes is what throughput says. Calls that all take the same end in turn as
// well, however many workers there are; so where there should be more than one, the next
// probes look at fewer calls at a time, and say whether that is so.
func (l *law) lookForOne(c cohort, d float64) {
	l.single = l.workers < 1.3 && l.clean.weight >= 6 && c.forOne(d, l.clean.noise(l.clean.weight))
	switch {
	case l.single:
		l.workers, l.quick = 1, 0
		l.clean.confirm(1/l.capacity, c.count())
	case l.workers > 1.2 && c.inTurn() && !l.deep:
		l.deep, l.quick = true, max(l.quick, 2)
		l.clean.weight = min(l.clean.weight, 4)
		l.tell("in turn: one worker?")
	}
}

// more raises the number of workers, in longer steps if it goes on. Capacity grows
// with it: busy time was counted against the old number.
func (l *law) more() {
	l.streak = min(l.streak+1, 3)
	f := math.Pow(stepUp, float64(l.streak))
	l.workers *= f
	l.capacity *= f
	l.recent *= f
	l.fast *= f
	l.speed.multiply(f)
	l.anchor = 0
	l.tell("more: workers %.1f", l.workers)
}
