package load

import "math"

// How many completions the estimates of capacity remember: one to hold on to, one to
// tell that the service has changed. See [speed] for how long a queue takes.
const (
	memorySlow   = 150
	memoryShift  = 60
	memoryDemand = 50 // arrivals

	risen = 1.6 // times clean latency, without less capacity: the queue of others
)

// rates are what is known of throughput and demand, per ns.
type rates struct {
	capacity, recent, fast float64 // at full, by how long they remember
	anchor                 float64 // capacity when clean latency was measured; 0: to be set
	speed                  speed   // fast is of it
	demand                 float64 // arrivals, refused ones too
	latency, inFlight      float64 // means of the last window
	full, capped           bool    // calls were refused; by the limit
	fullDone               float64 // completions while full, of late
	calmAt                 float64 // when the service was last seen without a queue
	burst                  bool    // an overload that has only begun
}

func (l *law) count(w *window) {
	k := w.done.count()
	l.throughput(k, w.busy)
	// Not those that end: windows end with one, and are short where many do.
	arrivals := max(0, k+w.grown+w.refused-w.again)
	l.full = w.refused > .02*arrivals
	l.capped = w.capped > .02*arrivals
	l.fullDone *= math.Exp(-k / 64)
	if l.full {
		l.fullDone += k
	}
	if l.phase == starting {
		l.start.count(l, w)
	}
	if w.length > 0 {
		l.load(arrivals, w)
	}
	if k > 0 {
		l.latency = w.done.mean()
	}
	l.age += k
	l.cleanAge += k
	l.sinceProbe += k
	l.roundCapped = l.roundCapped || l.capped
}

// throughput brings capacity up to date. It is completions by busy time, so that idle
// time does not count, and a window without completions does.
func (l *law) throughput(k, busy float64) {
	if l.capacity == 0 {
		if busy > 0 && k > 0 {
			l.setCapacity(k / busy)
		}
		return
	}
	update := func(c *float64, memory float64) { *c *= (memory + k) / (memory + busy**c) }
	update(&l.capacity, memorySlow)
	update(&l.recent, memoryShift)
	l.fast = l.speed.learn(k, busy, l.regularity())
}

func (l *law) setCapacity(c float64) {
	l.capacity, l.recent, l.fast = c, c, c
	l.speed.set(c)
}

// load brings demand up to date.
func (l *law) load(arrivals float64, w *window) {
	l.inFlight = float64(w.done.sum) / w.length // Little's law
	if !l.full && l.inFlight < .8*l.workers && l.overload() < 1 {
		l.calmAt = l.now
	}
	// A burst ends after five service times: then it is an overload, or a slowdown.
	l.burst = l.anchor > 0 && l.now-l.calmAt < 5*l.clean.mean() &&
		min(l.fast, l.recent) > .75*l.anchor
	l.clean.age(w.length)
	if l.demand == 0 {
		l.demand = arrivals / w.length
	}
	// Not the mean of rates: windows end with a completion, and are short where many come.
	// A pause counts, but not for more than its part.
	expected := min(w.length*l.demand, arrivals+memoryDemand)
	l.demand *= (memoryDemand + arrivals) / (memoryDemand + expected)
}

// overload is demand by capacity.
func (l *law) overload() float64 {
	c := l.capacity
	if l.fast < .7*c {
		c = l.fast
	}
	if c == 0 {
		return 1
	}
	return l.demand / c
}

// cleanLatency is what is known of latency without a queue.
type cleanLatency struct {
	log, weight           float64 // mean log2 of ns, and of how many calls
	shape, shapeWeight    float64 // arithmetic by geometric mean: stays when the service slows down
	lnVar, cv2, varWeight float64 // variance of the logarithm, squared coefficient of variation
	arithmetic            float64 // mean of the same calls, ns
	patience, patienceOf  float64 // ns: the arithmetic mean, but slow to rise; calls that it is of
	slower                float64 // times that capacity has fallen since patience was true, log2
}

func (s *cleanLatency) mean() float64 {
	if s.weight == 0 {
		return 0
	}
	return s.shape * antilog(s.log)
}

// noise is the standard deviation of the mean logarithm of k calls.
func (s *cleanLatency) noise(k float64) float64 { return math.Sqrt(s.lnVar / k) }

// above tells by how much the latency of a cohort is above clean latency: the
// difference of the mean natural logarithms.
func (s *cleanLatency) above(c cohort) float64 { return (c.log() - s.log) * math.Ln2 }

// scale says that the service takes f times as long as when it was measured.
func (s *cleanLatency) scale(f float64) {
	s.log += math.Log2(f)
	s.arithmetic *= f
	s.slower = max(0, s.slower+math.Log2(f))
}

// foreign tells that clean latency has risen although capacity has not fallen: others
// are queueing at the same service, and a higher limit would only gain from them.
func (s *cleanLatency) foreign() bool {
	unsure := math.Exp(2 * s.noise(s.patienceOf))
	return s.patience > 0 && s.arithmetic > risen*unsure*s.patience*math.Exp2(s.slower)
}

// learn takes in a cohort that met no queue; memory is how many calls count at most.
func (s *cleanLatency) learn(c cohort, memory float64) {
	k := c.count()
	if k == 0 {
		return
	}
	s.learnVariance(c)
	s.weight = min(s.weight+k, memory)
	s.log += min(1, k/s.weight) * (c.log() - s.log)
	s.arithmetic += min(1, k/s.weight) * (c.mean() - s.arithmetic)
	s.learnShape(c)
	s.bePatient(k)
}

func (s *cleanLatency) learnVariance(c cohort) {
	k := c.count()
	if k < 4 {
		return
	}
	share := k / (s.varWeight + k + 6) // 6: of what was assumed
	s.varWeight = min(s.varWeight+k, 128)
	if mean := c.mean(); mean > 0 {
		s.cv2 += share * (max(0, c.sq/k/square(mean)-1) - s.cv2)
	}
	s.lnVar += share * (max(.02, c.logVar()) - s.lnVar)
}

func (s *cleanLatency) learnShape(c cohort) {
	k := c.count()
	if s.shapeWeight == 0 {
		s.shape = math.Exp(s.lnVar / 2) // as if lognormal, with the weight of 16
	}
	s.shapeWeight = min(s.shapeWeight+k, 256)
	ratio := min(8, c.mean()/antilog(s.log))
	s.shape = max(1, s.shape+k/(s.shapeWeight+16)*(ratio-s.shape))
}

// bePatient follows the mean of k more calls where the difference may be noise, and
// drops at once where it can hardly be.
func (s *cleanLatency) bePatient(k float64) {
	noise := s.noise(s.weight)
	switch off := math.Log(s.arithmetic / s.patience); {
	case s.patience == 0 || off < -.3-2*noise:
		s.patience, s.patienceOf = s.arithmetic, s.weight
	case off < .3+noise+s.noise(s.patienceOf):
		s.patience *= math.Exp(max(.3, k/(s.patienceOf+k)) * off)
		s.patienceOf += k
	}
}

// age lets patience grow: callers do not wait longer because we have become slow, or
// only with a time constant of minutes.
func (s *cleanLatency) age(ns float64) {
	if s.arithmetic > s.patience {
		s.patience += (1 - math.Exp(-ns/300e9)) * (s.arithmetic - s.patience)
	}
}

// confirm takes in what throughput says about the mean of k calls, as far as it may be
// what patience is of.
func (s *cleanLatency) confirm(mean, k float64) {
	off := math.Log(mean / s.patience)
	if math.Abs(off) < .1+1.5*s.noise(s.patienceOf) {
		s.patience *= math.Exp(k / (s.patienceOf + k) * off)
		s.patienceOf += k
	}
}
