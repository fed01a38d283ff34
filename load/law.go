package load

import "math"

type window struct {
	length                   float64 // ns
	busy                     float64 // ns
	done                     total
	timeout, pushed, refused float64
	capped                   float64 // of refused: because of the limit
	cohortN                  float64 // sum of n at admission of cohort
	crowd                    [numClasses]float64
	// cohort so far
	cohort       total
	sq, lsq      float64 // sum of squares, ns²; of logs
	admitted     float64
	lost         float64
	cohortBegun  int64 // when the first was admitted
	cohortFilled int64 // when last admitted
}

type phase int

const (
	starting phase = iota
	steady
	probing
)

type law struct {
	phase     phase
	w         float64 // workers
	logS, kS  float64 // clean log2 latency, weight
	anchor    float64 // capacity that logS is paired with; 0: to be set
	v         float64 // squared CV
	patience  float64 // ns
	lamSlow   float64
	kappa, kK float64 // mean / antilog
	c, cs, cf float64 // completions per ns at full
	lam       float64 // per ns
	r         float64 // recent mean latency
	share     [numClasses]float64

	start                               float64
	ref, last                           total // no-queue rounds
	refVar, sigma                       float64
	stale                               bool
	age                                 float64
	overSince                           float64
	burst                               bool
	roundBusy, roundDone, roundT, xPeak float64

	want                      cohortWant
	streak                    int
	full, capped, roundCapped bool

	sinceProbe float64
	probeAt    float64
	probeStart float64
	quick      int
	n          float64
	now        float64
	trace      func(string, ...any)
}

type cohortWant struct {
	id    int
	clean bool
	busy  bool // n >= .8 w
	size  float64
	phase phase
}

type verdict struct {
	limits                    [numClasses]float64
	lo                        float64
	w, cf, s, patience, burst float64
	want                      cohortWant
}

func newLaw() *law {
	l := &law{v: .5, phase: starting, w: 2, start: pStart, kappa: 1.5, share: [numClasses]float64{.25, .25, .25, .25}}
	l.observe(false, 4)
	l.full = true
	l.sigma = 1
	return l
}

var (
	pStart     = 3.0
	pMargin    = 1.2
	pGrowDelta = 0.2
	pGrowM     = 64.0
	pShiftMem  = 60.0
	pShiftThr  = .4
	pFactor    = 3.0
	pBudget    = 30.0
	pQuick     = 8.0
)

func (l *law) tr(f string, a ...any) {
	if l.trace != nil {
		l.trace(f, a...)
	}
}

func headroom(rho, w, v float64) float64 {
	h, q := 16.0, 30*min(2, math.Sqrt(max(1, w)))
	if rho > 1.05 {
		h = min(h, math.Log(1+q*(rho-1))/math.Log(rho))
	}
	return h * max(1, (1+min(v, 3))/2)
}

func (l *law) S() float64 {
	if l.kS == 0 {
		return 0
	}
	return l.kappa * antilog(l.logS)
}

func (l *law) observe(clean bool, size float64) {
	l.age = 0
	l.want = cohortWant{id: l.want.id + 1, clean: clean, size: math.Ceil(size), phase: l.phase}
}

// returned tells whether enough of the cohort have come back; missing ones are censored
func (l *law) returned(w *window, share float64) (t total, ok bool) {
	k := w.cohort.count() + w.lost
	if w.admitted < l.want.size || k < share*w.admitted {
		return t, false
	}
	return l.censor(w), true
}

func (l *law) censor(w *window) total {
	t := w.cohort
	missing := w.admitted - t.count() - w.lost
	if missing > 0 {
		age := max(int64(l.now)-w.cohortFilled, int64(l.r))
		for range int(missing) {
			t = t.plus(total{uint64(2 * age), tally(tallyOne | logOf(age*3/2))})
		}
	}
	return t
}

func (l *law) close(now float64, w window) verdict {
	l.now = now
	k := w.done.count()
	if l.c == 0 {
		if w.busy > 0 && k > 0 {
			l.c = k / w.busy
			l.cs, l.cf = l.c, l.c
		}
	} else {
		up := func(c *float64, mem float64) { *c *= (mem + k) / (mem + w.busy**c) }
		up(&l.c, 150)
		up(&l.cs, pShiftMem)
		up(&l.cf, 10)
	}
	if w.refused > 0.02*(k+w.refused) {
		l.roundBusy += w.busy
		l.roundDone += k
		l.roundT += w.length
	}
	if l.phase == starting && l.roundDone >= 3 {
		l.cf = l.roundDone / l.roundBusy
	}
	arr := k + w.refused
	if w.length > 0 {
		if arr/w.length < 1.05*min(l.c, l.cs) && l.lam < 1.3*min(l.c, l.cs) {
			l.overSince = now
		}
		l.burst = now-l.overSince < 5*max(l.S(), 0) && l.cf > .75*l.anchor && l.cs > .75*l.anchor && l.anchor > 0
		if l.S() > l.patience {
			l.patience += (1 - math.Exp(-w.length/300e9)) * (l.S() - l.patience)
		}
		wt := arr / (arr + 50)
		l.lam += wt * (arr/w.length - l.lam)
		l.n = float64(w.done.sum) / w.length
	}
	if k > 0 {
		l.r = w.done.mean()
	}
	cr := 0.0
	for _, v := range w.crowd {
		cr += v
	}
	if cr > 0 {
		wt := cr / (cr + 200)
		for i := range l.share {
			l.share[i] += wt * (w.crowd[i]/cr - l.share[i])
		}
	}
	l.full = w.refused > 0.02*arr
	l.capped = w.capped > 0.02*arr
	if l.phase == starting {
		l.age += k
	}
	switch l.phase {
	case starting:
		l.starting(w)
	case steady:
		l.steady(w)
	case probing:
		l.probing(w)
	}
	return l.verdict()
}

func (l *law) learnClean(t total, sq, lsq, mem float64, kappa bool) {
	k := t.count()
	if k == 0 {
		return
	}
	if mean := t.mean(); sq > 0 && k >= 6 {
		v := sq/k/(mean*mean) - 1
		l.v += k / (k + 64) * (max(0, v) - l.v)
	}
	if lsq > 0 && k >= 6 {
		va := lsq/k - t.log()*t.log()
		l.sigma += k / (k + 64) * (math.Sqrt(max(0.01, va))*math.Ln2 - l.sigma)
	}
	l.kS = min(l.kS+k, mem)
	l.logS += min(1, k/l.kS) * (t.log() - l.logS)
	if kappa {
		l.kK = min(l.kK+k, 256)
		ratio := min(8, t.mean()/antilog(l.logS))
		l.kappa += min(1, k/(l.kK+8)) * (ratio - l.kappa)
		l.kappa = max(1, l.kappa)
	}
	b := l.S()
	if l.patience == 0 || b < l.patience {
		l.patience = b
	}
}

func (l *law) limit() float64 { return l.limitAt(l.rho()) }

func (l *law) limitAt(rho float64) float64 {
	if l.phase == starting {
		return l.start
	}
	h := headroom(rho, l.w, l.v)
	if l.burst {
		h = max(headroom(1, l.w, l.v), .75*l.w)
	}
	beta := pMargin * (1 + .7*math.Sqrt(l.v/max(4, l.kS)))
	return beta*l.w + h
}

func (l *law) rho() float64 {
	c := l.c
	if l.cf < 0.7*c {
		c = l.cf
	}
	if c == 0 {
		return 1
	}
	return l.lam / c
}

// starting: the knee is unknown
func (l *law) starting(w window) {
	t, ok := l.returned(&w, .8)
	if l.want.clean {
		t, ok = l.returned(&w, .95)
	}
	if both := l.ref.plus(l.last); !ok && !l.want.clean && both.count() > 0 && w.admitted >= 8 && w.admitted >= .5*l.want.size {
		age := int64(l.now) - w.cohortFilled
		e := w.cohort
		for range int(w.admitted - e.count() - w.lost) {
			e = e.plus(total{uint64(age), tally(tallyOne | logOf(age))})
		}
		if d := (e.log() - both.log()) * math.Ln2; d > .5+2*math.Sqrt(1/e.count()+l.refVar/both.count()) {
			t, ok = e, true
			l.tr("early d=%.2f", d)
		}
	}
	l.roundCapped = l.roundCapped || l.capped
	if l.want.clean && l.full || !l.want.clean && l.age > 8*l.want.size+64 && w.admitted < l.want.size {
		l.observeStart()
		return
	}
	if !ok {
		return
	}
	k := t.count()
	if k == 0 {
		l.observeStart()
		return
	}
	n := w.cohort.count()
	va := 1.3
	if n >= 4 {
		va = (w.lsq/n - w.cohort.log()*w.cohort.log()) * math.Ln2 * math.Ln2 * n / (n - 1)
		va = (va*n + 1.0*4) / (n + 4)
	}
	both := l.ref.plus(l.last)
	if l.want.clean { // not full: this is a new reference
		if both.count() == 0 || t.log() < both.log()+.3 {
			l.ref, l.last, l.refVar = t, total{}, va
			l.patience = t.mean()
			if l.xPeak = l.lam; true {
			}
		}
		l.start = min(l.start, max(18, 1.65*l.n+16))
		l.roundBusy, l.roundDone, l.roundT = 0, 0, 0
		l.observeStart()
		return
	}
	if both.count() > 0 {
		kr := both.count()
		x := l.xPeak
		if l.roundDone >= 6 {
			x = l.roundDone / l.roundT
		}
		if f := l.xPeak / x; f > 1.3 {
			l.tr("slow %.2f", f)
			sh := func(t total) total {
				if t.count() == 0 {
					return t
				}
				lg := (t.log() + math.Log2(f)) * (1 << logPoint) * t.count()
				return total{uint64(float64(t.sum) * f), tally(t.count())<<logBits | tally(lg)}
			}
			l.ref, l.last = sh(l.ref), sh(l.last)
			both = l.ref.plus(l.last)
			l.xPeak = x
		}
		l.xPeak = max(l.xPeak, x)
		d := (t.log() - both.log()) * math.Ln2
		margin := .3 + 2*math.Sqrt(va/k+l.refVar/kr)
		l.tr("full %v capped %v ref %v cf %.3g", l.full, l.capped, w.refused, l.cf)
		l.tr("start L=%.0f k=%.0f kr=%.0f d=%.2f margin=%.2f Sref=%.3g R=%.3g", l.start, k, kr, d, margin, l.ref.mean(), t.mean())
		if d > margin {
			if l.ref.count() == 0 {
				l.ref = l.last
			}
			l.sigma = math.Sqrt(l.refVar)
			l.learnClean(l.ref, 0, 0, 8, true)
			l.kK = 8
			c := l.cf
			if l.roundDone >= 3 {
				c = l.roundDone / l.roundBusy
			}
			l.c, l.cs, l.cf = c, c, c
			l.w = max(1, min(max(c*l.S(), l.start/pFactor/1.5), l.start))
			l.phase = steady
			l.quick = 3
			l.anchor = c
			l.stale = true
			l.probeAt = l.now
			l.sinceProbe = l.limit() * 4
			l.probeAt -= 4 * l.r
			l.tr("start ends: w=%.1f c=%.3g", l.w, c)
			l.observe(false, pGrowM)
			return
		}
	} else {
		l.tr("start first k=%.0f R=%.3g", k, t.mean())
	}
	kr := l.ref.count() + l.last.count()
	l.refVar = (l.refVar*kr + va*k) / (kr + k)
	l.ref = l.ref.plus(l.last)
	l.last = t
	l.patience = l.ref.plus(l.last).mean()
	l.roundBusy, l.roundDone, l.roundT = 0, 0, 0
	if l.roundCapped {
		l.start = min(l.start*pFactor, max(18, 1.25*l.start, 1.65*l.lam*l.ref.plus(l.last).mean()+16))
	}
	l.observeStart()
}

func (l *law) observeStart() {
	l.roundCapped = false
	if l.full {
		l.observe(false, max(8, l.start*(1-1/pFactor)))
	} else {
		l.observe(true, 16)
	}
}

func (l *law) steady(w window) {
	l.sinceProbe += w.done.count()
	l.age += w.done.count()
	if l.anchor > 0 {
		if d := math.Abs(math.Log(l.cs / l.anchor)); d > max(pShiftThr, 2.5*math.Sqrt((1+min(6, l.v))/2/pShiftMem)) {
			l.tr("shift c %.3g -> %.3g", l.anchor, l.cs)
			l.logS += math.Log2(l.anchor / l.cs)
			l.kS = min(l.kS, 8)
			l.c, l.anchor = l.cs, l.cs
			l.quick = max(l.quick, 1)
			l.stale = true
			l.observe(!l.full, pGrowM)
			return
		}
	}
	t, ok := l.returned(&w, .9)
	switch {
	case l.want.busy && (ok || l.full && w.admitted < l.want.size || l.age > 6*32):
		if ok && l.kS >= 16 {
			d := (t.log() - l.logS) * math.Ln2
			if d > .5 {
				f := math.Exp(-(d - .2))
				f = max(f, .6)
				l.tr("shrink w=%.1f d=%.2f", l.w*f, d)
				l.w = max(1, l.w*f)
			}
		}
		l.next()
	case l.want.clean && ok:
		l.learnClean(t, w.sq, w.lsq, 128, true)
		l.anchor = l.c
		if l.full {
			l.next()
		} else {
			l.observe(false, 16)
			l.want.busy = true
		}
	case l.want.clean && l.full:
		l.next()
	case !l.want.clean && !l.want.busy && ok:
		if l.anchor == 0 {
			l.anchor = l.c
		}
		if l.kS >= 8 && l.capped && !(l.stale && l.kS < 16) {
			d := (t.log() - l.logS) * math.Ln2
			thr := max(pGrowDelta, .5*math.Log(w.cohortN/w.admitted/l.w))
			if d < thr {
				l.streak = min(l.streak+1, 3)
				f := math.Pow(1.25, float64(l.streak))
				l.w *= f
				l.c *= f
				l.cs *= f
				l.cf *= f
				l.anchor = 0
				l.tr("grow w=%.1f d=%.2f thr=%.2f kS=%.0f", l.w, d, thr, l.kS)
				l.observe(false, pGrowM)
				return
			}
			l.streak = 0
		}
		l.next()
	case !l.want.clean && !l.want.busy && !l.full && w.admitted < l.want.size:
		l.next()
	}
	if !l.full {
		return
	}
	r := max(l.r, 1)
	dur := (l.limit()-l.lo())/l.c + l.probeK()/l.lo()*l.S()
	wait, comps := max(50*r, pBudget*dur), 800.0
	if l.quick > 0 || l.kS < 8 {
		wait, comps = pQuick*dur, 2*l.limit()
	}
	if l.now-l.probeAt > wait && l.sinceProbe > comps {
		l.phase = probing
		l.probeStart = l.now
		l.observe(true, l.probeK())
		l.tr("probe lo=%.1f w=%.1f", l.lo(), l.w)
	}
}

func (l *law) next() { l.observe(!l.full, map[bool]float64{true: 32, false: pGrowM}[!l.full]) }

func (l *law) lo() float64 {
	if l.phase == starting {
		return max(1, math.Floor(.35*l.n))
	}
	if l.w >= 50 {
		return math.Floor(.7 * l.w)
	}
	return max(1, math.Floor(.6*l.w))
}

func (l *law) probeK() float64 { return min(max(2*l.lo(), 6), 48) }

func (l *law) probing(w window) {
	t, ok := l.returned(&w, .95)
	if !ok {
		if l.now-l.probeStart < 10*l.r+50e6 {
			return
		}
		t = l.censor(&w)
	}
	k := t.count()
	l.phase = steady
	l.probeAt = l.now
	l.sinceProbe = 0
	l.observe(false, pGrowM)
	if k < 3 {
		l.tr("probe fails k=%.0f", k)
		return
	}
	off := (t.log() - l.logS) * math.Ln2
	if math.Abs(off) > .2+1.5*l.sigma*math.Sqrt(1/k) {
		l.kS = 0
	}
	l.anchor = l.c
	l.stale = false
	l.learnClean(t, w.sq, w.lsq, 128, true)
	s := min(l.kappa, 1.15*t.mean()/antilog(t.log())) * antilog(l.logS)
	want := l.c * s
	lowStep, highStep := .8, 1.15
	if l.quick > 0 {
		l.quick--
		if math.Abs(math.Log(want/l.w)) < .3 {
			l.quick = 0
		}
		lowStep, highStep = .4, 2.5
	}
	conf := l.kS / (l.kS + 8)
	step := math.Pow(want/l.w, conf)
	if step < .7 {
		l.quick = max(l.quick, 1)
	}
	l.w = max(1, l.w*min(max(step, lowStep), highStep))
	l.tr("probe ends k=%.0f off=%.2f S=%.3g kappa=%.2f c=%.3g want=%.1f w=%.1f", k, off, l.S(), l.kappa, l.c, want, l.w)
}

func (l *law) verdict() verdict {
	v := verdict{lo: l.lo(), w: l.w, cf: l.cf, s: l.S(), want: l.want}
	base := l.limit()
	if l.lam > 1.2*l.cf || l.phase == starting {
		v.patience = 10 * l.patience
	}
	for i := range v.limits {
		v.limits[i] = base
	}
	if l.phase == starting {
		v.w = max(1, l.start/pFactor/pFactor)
	}
	if l.burst {
		v.burst = 5 * l.w
	}
	if l.phase == probing {
		v.burst = 0
		for i := range v.limits {
			v.limits[i] = l.lo()
		}
	}
	return v
}
