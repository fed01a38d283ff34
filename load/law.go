package load

import "math"

// A cohort is a fixed set of calls that were admitted under one condition.
type cohort struct {
	total
	sq, lsq  float64 // sums of squares: of ns, of logs
	n        float64 // sum of n at admission
	admitted float64
	filled   int64 // when the last was admitted
}

type window struct {
	length                   float64 // ns
	busy                     float64 // ns
	done                     total
	timeout, pushed, refused float64
	capped                   float64 // of refused: because of the limit
	clean, crowded           cohort // so far
}

type phase int

const (
	starting phase = iota
	steady
)

// want says which cohort to gather.
type want struct {
	id   int
	size float64
}

type verdict struct {
	limits               [numClasses]float64
	lo, hi               float64 // clean: n <= lo; crowded: n >= hi
	w, cf, patience, vis float64 // vis: share of the time left that may go into waiting
	z, room, busyW       float64
	clean, crowded       want
	eager                bool
	probing              bool    // once clean.size are admitted, the limit is base
	base                 float64 // limit
}

type law struct {
	phase   phase
	probing bool
	w       float64 // workers
	floor   float64 // in flight without a queue
	c       float64 // completions per ns at full
	cs, cf  float64
	anchor  float64 // capacity that clean is paired with; 0: to be set
	lam     float64
	r, n    float64

	logS, kS     float64
	kappa, kK    float64
	sigma2       float64 // of ln of clean latency
	kV           float64
	v            float64
	patience, kP float64

	start, started       float64
	dips                 int
	xs, peak, dipLo      float64
	rDone                float64
	rBusy                float64
	rT                   float64
	ids                  int
	cleanWant, crowdWant want
	age, cleanAge        float64
	streak               int
	full, capped         bool
	roundCapped          bool
	stale                bool
	fullDone             float64
	overSince            float64
	burst                bool
	sinceProbe           float64
	probeAt, probeEnd    float64
	quick                int
	now                  float64
	trace                func(string, ...any)
}

var (
	pStart     = 1.0
	pFirst     = 1.0
	pRoom      = 1.25
	pFactor    = 3.0
	pMargin    = 1.1
	pSig       = .7
	pGrowDelta = 0.2
	pGrowM     = 64.0
	pShiftMem  = 60.0
	pShiftThr  = .4
	pSusp      = .8
	pConcl     = 8.0
	pUp        = .5
	pCalm      = 2.
	pPass      = .3
	pBV        = 1.
	pSV        = 1.
	pVW        = 3.
	pVis       = .4
	pShrinkCap = 0.
	pRoomH     = 2.
	pKMin      = 9.
	pSlow      = 1.6
	pRefMax    = 128.
	pNear      = 1.
	pHm        = 1.
	pPat       = 11.
	pKP        = 2.
	pFade      = 24.
	pZ         = 1.5
	pZR        = 1.1
	pCd        = 2.
	pTail      = 1.7
	pBurst     = 1.5
	pBack      = .7
	pProbeCost = 25.0
	pQuickCost = 20.0
)

func newLaw() *law {
	l := &law{v: .5, w: 2, start: pStart, kappa: 1.3, sigma2: .7, full: true}
	l.gather(8)
	l.refresh(pFirst)
	return l
}

func (l *law) tr(f string, a ...any) {
	if l.trace != nil {
		l.trace(f, a...)
	}
}

func (l *law) gather(size float64) {
	l.ids++
	l.age = 0
	l.roundCapped = false
	l.crowdWant = want{l.ids, math.Ceil(size)}
}

func (l *law) refresh(size float64) {
	l.ids++
	l.cleanAge = 0
	l.cleanWant = want{l.ids, math.Ceil(size)}
}

func (l *law) S() float64 {
	if l.kS == 0 {
		return 0
	}
	return l.kappa * antilog(l.logS)
}

// back tells whether enough of a cohort have come back
func (c *cohort) back(size, share float64) bool {
	return c.admitted >= size && c.count() >= share*c.admitted
}

// censored counts the missing members with the least that they can be
func (l *law) censored(c cohort, more float64) cohort {
	if missing := c.admitted - c.count(); missing > 0 {
		age := max(int64(l.now)-c.filled, int64(more*l.r), 1)
		lg := float64(logOf(age*3/2)) / (1 << logPoint)
		m := uint64(missing)
		c.total = c.plus(total{m * uint64(2*age), tally(m * (tallyOne + logOf(age*3/2)))})
		c.sq += missing * 4 * float64(age) * float64(age)
		c.lsq += missing * lg * lg
	}
	return c
}

// lnVar is the variance of ln latency within the cohort
func (c *cohort) lnVar() float64 {
	k := c.count()
	return max(0, c.lsq/k-c.log()*c.log()) * math.Ln2 * math.Ln2 * k / (k - 1)
}

func (l *law) close(now float64, w window) verdict {
	l.now = now
	l.rates(&w)
	switch {
	case l.phase == starting:
		l.starting(&w)
	default:
		l.steady(&w)
	}
	return l.verdict()
}

func (l *law) rates(w *window) {
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
	arr := k + w.refused
	l.full = w.refused > 0.02*arr
	l.capped = w.capped > 0.02*arr
	fade := math.Exp(-k / pFade)
	l.rBusy *= fade
	l.rDone *= fade
	l.rT *= fade
	if l.full {
		l.rBusy += w.busy
		l.rDone += k
		l.rT += w.length
	}
	l.fullDone *= math.Exp(-k / 64)
	if l.full {
		l.fullDone += k
	}
	if l.phase == starting && l.rDone >= 3 {
		l.cf = l.rDone / l.rBusy
	}
	if w.length > 0 {
		if pCalm == 1 && float64(w.done.sum)/w.length < l.w || pCalm == 0 && arr/w.length < 1.05*min(l.c, l.cs) && l.lam < 1.3*min(l.c, l.cs) || pCalm == 2 && !l.full && float64(w.done.sum)/w.length < .8*l.w {
			l.overSince = l.now
		}
		l.burst = l.anchor > 0 && l.now-l.overSince < 5*l.S() && l.cf > .75*l.anchor && l.cs > .75*l.anchor
		if l.S() > l.patience {
			l.patience += (1 - math.Exp(-w.length/300e9)) * (l.S() - l.patience)
		}
		l.lam += arr / (arr + 50) * (arr/w.length - l.lam)
		l.n = float64(w.done.sum) / w.length
		if l.phase == starting {
			l.xs += k / (k + 40) * (k/w.length - l.xs)
			l.peak = max(l.peak, l.xs)
		}
	}
	if k > 0 {
		l.r = w.done.mean()
	}
	l.age += k
	l.started += k
	l.cleanAge += k
	l.sinceProbe += k
	l.roundCapped = l.roundCapped || l.capped
}

// learn takes in a cohort that met no queue
func (l *law) learn(c cohort, mem float64) {
	k := c.count()
	if k == 0 {
		return
	}
	if k >= 4 {
		wt := k / (l.kV + k + 6)
		l.kV = min(l.kV+k, 128)
		mean := c.mean()
		l.v += wt * (max(0, c.sq/k/(mean*mean)-1) - l.v)
		l.sigma2 += wt * (max(.02, c.lnVar()) - l.sigma2)
	}
	l.kS = min(l.kS+k, mem)
	l.logS += min(1, k/l.kS) * (c.log() - l.logS)
	prior := 16.0
	l.kK = min(l.kK+k, 256)
	ratio := min(8, c.mean()/antilog(l.logS))
	if l.kK == k {
		l.kappa = math.Exp(l.sigma2 / 2)
	}
	l.kappa = max(1, l.kappa+k/(l.kK+prior)*(ratio-l.kappa))
	l.patient(k)
}

func (l *law) patient(k float64) {
	s := l.S()
	l.kP += k
	near := .3 + pNear*l.sd(l.kS)
	switch off := math.Log(s / l.patience); {
	case l.patience == 0 || off < -near || l.kP < pKP:
		l.patience = s
	case off < near:
		l.patience *= math.Exp(off * .3)
	}
}

func (l *law) sd(k float64) float64 { return math.Sqrt(l.sigma2 / k) }

// ---- limit

func headroom(rho, w, v float64) float64 {
	h, q := 16.0, 30*min(2, math.Sqrt(max(1, w)))
	if rho > 1.05 {
		h = min(h, math.Log(1+q*(rho-1))/math.Log(rho))
	}
	return h * max(1, pHm*(1+min(v, 3))/2)
}

func (l *law) limit() float64 { return l.limitAt(l.rho()) }

func (l *law) limitAt(rho float64) float64 {
	if l.phase == starting {
		return l.start
	}
	h := headroom(rho, l.w, l.v)
	if l.burst {
		h = max(headroom(1, l.w, l.v), pBurst*l.w)
	}
	return pMargin*(1+pSig*math.Sqrt(l.sigma2/max(4, l.kS)))*l.w + h
}

// eager reports whether the window is to be closed at once because a cohort is back.
func (l *law) eager(clean, crowded cohort) bool {
	if l.probing {
		return clean.back(l.cleanWant.size, .95)
	}
	return l.phase == starting && (crowded.back(l.crowdWant.size, pBack) || clean.back(l.cleanWant.size, 1))
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

// ---- start

func (l *law) starting(w *window) {
	if l.probing {
		l.dip(w)
		return
	}
	if l.start == pStart {
		if w.clean.back(pFirst, 1) {
			l.learn(w.clean, 512)
			l.refresh(16)
			l.start = 9
			l.rDone, l.rBusy, l.rT = 0, 0, 0
			l.gather(8)
		}
		return
	}
	if w.clean.back(l.cleanWant.size, .95) {
		l.learn(l.censored(w.clean, 1), 512)
		l.refresh(16)
		w.clean = cohort{}
	}
	c := w.crowded
	if c.admitted >= min(8, l.crowdWant.size) && c.admitted >= .5*l.crowdWant.size {
		if ref := l.reference(w); ref.kS > 0 {
			e := c
			age := max(int64(l.now)-e.filled, 1)
			m := uint64(e.admitted - e.count())
			e.total = e.plus(total{m * uint64(age), tally(m * (tallyOne + logOf(age)))})
			if d := (e.log() - ref.logS) * math.Ln2; d > .5+2*math.Sqrt(1/e.count()+l.sigma2/ref.kS) {
				l.tr("early")
				l.round(e, w)
				return
			}
		}
	}
	if c.back(l.crowdWant.size, pBack) {
		l.round(l.censored(c, 1), w)
	} else if l.age > 8*l.crowdWant.size+64 && c.admitted < l.crowdWant.size {
		l.gather(l.crowdWant.size)
	}
}

// reference is what is known of clean latency, with clean members that are still out
func (l *law) reference(w *window) *law {
	ref := *l
	ref.trace = nil
	if w.clean.admitted > 0 {
		c := l.censored(w.clean, 0)
		ref.kS += c.count()
		ref.logS += c.count() / ref.kS * (c.log() - ref.logS)
	}
	return &ref
}

func (l *law) round(c cohort, w *window) {
	ref := l.reference(w)
	k := c.count()
	if ref.kS == 0 {
		l.learn(c, 4)
		l.grow()
		return
	}
	nbar := c.n / c.admitted
	if f := l.peak / l.sat(); l.roundCapped && ref.kS >= 8 && l.rDone >= 12 && f > pSlow {
		l.tr("slow %.2f", f)
		l.known(nbar)
		return
	}
	d := (c.log() - ref.logS) * math.Ln2
	if nbar < 1.1*l.floor && d > .2+2*l.sd(k) && ref.kS >= 24 {
		l.tr("slower d=%.2f n=%.1f floor=%.1f", d, nbar, l.floor)
		l.known(nbar)
		return
	}
	noise := math.Sqrt((l.sigma2*8+c.lnVar()*k)/(8+k)/k + l.sigma2/ref.kS)
	l.tr("start L=%.0f n=%.1f k=%.0f kr=%.0f d=%.2f noise=%.2f s2=%.2f capped=%v", l.start, nbar, k, ref.kS, d, noise, l.sigma2, l.roundCapped)
	switch {
	case d > .15+2*noise && (ref.kS >= pConcl || l.dips > 0):
		if w.clean.count() > 0 {
			l.learn(l.censored(w.clean, 0), 512)
		}
		l.known(nbar)
	case d > pSusp && l.dips < 1:
		l.dips++
		l.probing = true
		l.dipLo = max(1, math.Floor(1.2*nbar*math.Exp(-d)))
		l.refresh(max(5, 1.5*l.lo()))
		l.setEnd()
		l.tr("dip lo=%.0f", l.lo())
	default:
		l.passed(c, d, noise)
	}
}

func (l *law) passed(c cohort, d, noise float64) {
	if d < .15 && l.kS >= 16 {
		l.floor = max(l.floor, c.n/c.admitted)
	}
	if d < pPass+.7*noise && l.kS < pRefMax {
		l.learn(c, 512)
	}
	l.grow()
}

func (l *law) grow() {
	l.dips = 0
	l.rDone, l.rBusy, l.rT = 0, 0, 0
	more := max(18, pRoom*l.lam*l.S()+16)
	if l.roundCapped {
		more = max(18, 1.65*l.lam*l.S()+16, 1.25*l.start)
	}
	l.start = max(l.start, min(l.start*pFactor, more))
	l.gather(max(8, l.start*(1-1/pFactor)))
}

func (l *law) dip(w *window) {
	if !w.clean.back(l.cleanWant.size, .95) && l.now < l.probeEnd {
		return
	}
	l.probing = false
	l.rDone, l.rBusy, l.rT = 0, 0, 0
	c := l.censored(w.clean, 1)
	if c.count() >= 3 {
		l.kS = min(l.kS, 4)
		l.learn(c, 512)
	}
	l.tr("dip ends k=%.0f S=%.3g", c.count(), l.S())
	l.gather(max(8, l.start*(1-1/pFactor)))
	l.refresh(16)
}

// sat is the throughput while calls were refused
func (l *law) sat() float64 {
	if l.rDone >= 3 {
		return l.rDone / max(l.rBusy, l.rT)
	}
	return l.cf
}

// known ends the start
func (l *law) known(n float64) {
	c := l.sat()
	if f := l.peak / c; f > pSlow {
		l.logS += math.Log2(f / 1.1)
	}
	l.c, l.cs, l.cf = c, c, c
	l.w = max(1, l.floor, min(c*l.S()*(1+pUp*l.sd(max(4, l.kS))), n))
	l.kS = min(l.kS, 16)
	l.kK = min(l.kK, 16)
	l.phase = steady
	l.quick = 3
	l.anchor = c
	l.stale = true
	l.sinceProbe = 0
	l.probeAt = l.now
	l.tr("start ends: w=%.1f c=%.3g S=%.3g floor=%.1f", l.w, c, l.S(), l.floor)
	l.gather(pGrowM)
	l.refresh(l.cleanSize())
}

// ---- steady

func (l *law) cleanSize() float64 {
	if l.quick > 0 {
		return 8
	}
	return 32
}

func (l *law) steady(w *window) {
	if l.shifted() {
		return
	}
	if l.probing {
		l.probe(w)
		return
	}
	if w.clean.back(l.cleanWant.size, .95) {
		l.tr2(w)
		l.cleanSample(l.censored(w.clean, 1))
		l.refresh(l.cleanSize())
	} else if l.cleanAge > 40*l.cleanWant.size { // too old
		l.refresh(l.cleanSize())
	}
	c := w.crowded
	if c.back(l.crowdWant.size, .9) {
		l.compare(l.censored(c, 1))
	} else if l.age > 6*l.crowdWant.size+l.limit() && c.admitted < l.crowdWant.size {
		l.gather(l.crowdWant.size)
	}
	if l.full && !l.probing {
		l.maybeProbe()
	}
}

func (l *law) tr2(w *window) {}

func (l *law) shifted() bool {
	if l.anchor == 0 {
		return false
	}
	if d := math.Abs(math.Log(l.cs / l.anchor)); d > max(pShiftThr, 2.5*math.Sqrt((1+min(6, l.v))/2/pShiftMem)) {
		l.tr("shift c %.3g -> %.3g", l.anchor, l.cs)
		l.logS += math.Log2(l.anchor / l.cs)
		l.kS = min(l.kS, 8)
		l.c, l.anchor = l.cs, l.cs
		l.quick = max(l.quick, 1)
		l.stale = true
		l.probing = false
		l.gather(pGrowM)
		l.refresh(l.cleanSize())
		return true
	}
	return false
}

// compare sees a crowded cohort
func (l *law) compare(c cohort) {
	if l.anchor == 0 {
		l.anchor = l.c
	}
	nbar := c.n / c.admitted
	d := (c.log() - l.logS) * math.Ln2
	switch {
	case l.kS < 8 || l.stale && l.kS < 16:
	case l.roundCapped && d < max(pGrowDelta, .5*math.Log(nbar/l.w)):
		l.streak = min(l.streak+1, 3)
		f := math.Pow(1.25, float64(l.streak))
		l.w *= f
		l.c *= f
		l.cs *= f
		l.cf *= f
		l.anchor = 0
		l.tr("grow w=%.1f d=%.2f n=%.1f kS=%.0f", l.w, d, nbar, l.kS)
	case (pShrinkCap == 1 || !l.roundCapped) && d > .5 && l.kS >= 16 && nbar*math.Exp(-d) < .8*l.w && l.w > 1:
		l.w = max(1, l.w*.6, 1.05*nbar*math.Exp(-d))
		l.tr("shrink w=%.1f d=%.2f n=%.1f", l.w, d, nbar)
	default:
		l.streak = 0
	}
	l.gather(pGrowM)
}

func (l *law) maybeProbe() {
	idle := max(1-l.lo()/l.w, min(1, 1/(l.lam*l.S())))
	cost := (l.probeK()/l.lo()*idle + .5) * l.S()
	wait, comps := max(50*max(l.r, 1), 2*pProbeCost*cost), 800.0
	if l.quick > 0 || l.kS < 8 {
		wait, comps = pQuickCost*cost, 2*l.limit()
	}
	if l.now-l.probeAt > wait && l.sinceProbe > comps {
		l.probing = true
		l.refresh(l.probeK())
		l.setEnd()
		l.gather(pGrowM)
		l.tr("probe lo=%.1f w=%.1f", l.lo(), l.w)
	}
}

func (l *law) setEnd() {
	l.probeEnd = l.now + 1.5*l.n/l.cf + (l.cleanWant.size/l.lo()+6)*max(l.S(), l.n/l.cf/6)
}

func (l *law) probeK() float64 { return min(max(2*l.lo(), 6), 48) }

func (l *law) probe(w *window) {
	if !w.clean.back(l.cleanWant.size, .95) && l.now < l.probeEnd {
		return
	}
	l.probing = false
	l.cleanSample(l.censored(w.clean, 1))
	l.refresh(l.cleanSize())
	l.gather(pGrowM)
}

// cleanSample takes in a clean cohort and, if the capacity is known from the same time, the workers
func (l *law) cleanSample(c cohort) {
	k := c.count()
	if k < 3 {
		l.probeAt = l.now
		l.sinceProbe = 0
		l.tr("probe fails k=%.0f", k)
		return
	}
	off := (c.log() - l.logS) * math.Ln2
	if math.Abs(off) > .2+1.5*l.sd(k) {
		l.kS = 0
	}
	l.learn(c, 128)
	l.anchor = l.c
	l.stale = false
	if l.fullDone < 32 {
		return
	}
	l.probeAt = l.now
	l.sinceProbe = 0
	s := min(l.kappa, pKMin*c.mean()/antilog(c.log())) * antilog(l.logS)
	wnt := l.c * s
	lowStep, highStep := .8, 1.15
	if l.quick > 0 {
		l.quick--
		if math.Abs(math.Log(wnt/l.w)) < .3 {
			l.quick = 0
		}
		lowStep, highStep = .4, 2.5
	}
	step := math.Pow(wnt/l.w, l.kS/(l.kS+8))
	if step < .7 {
		l.quick = max(l.quick, 1)
	}
	l.w = max(1, l.w*min(max(step, lowStep), highStep))
	l.tr("probe ends k=%.0f off=%.2f S=%.3g kappa=%.2f s2=%.2f c=%.3g want=%.1f w=%.1f", k, off, l.S(), l.kappa, l.sigma2, l.c, wnt, l.w)
}

// ---- verdict

func (l *law) lo() float64 {
	if l.phase == starting {
		if l.probing {
			return l.dipLo
		}
		return max(1, math.Floor(l.start/9))
	}
	if l.w >= 50 {
		return math.Floor(.7 * l.w)
	}
	return max(1, math.Floor(.6*l.w))
}

func (l *law) hi() float64 {
	if l.phase == starting {
		return max(l.lo()+1, math.Floor(l.start/pFactor)+1)
	}
	return max(l.lo()+1, math.Ceil(.8*l.w))
}

func (l *law) verdict() verdict {
	v := verdict{lo: l.lo(), hi: l.hi(), w: l.w, cf: l.cf, busyW: l.w, clean: l.cleanWant, crowded: l.crowdWant, probing: l.probing, base: l.limit()}
	v.patience = pPat * l.patience
	v.eager = l.probing || l.phase == starting
	rho := max(l.rho(), 1)
	v.z = (pZ + pZR*(1-1/rho)) * math.Sqrt(min(max(l.v, .2), 3))
	if l.phase == steady && l.cf > pCd*l.c && l.cf*pCd < l.c {
		v.cf = l.c
	}
	limit := v.base
	if l.probing {
		limit = l.lo()
	}
	for i := range v.limits {
		v.limits[i] = limit
	}
	if l.phase == starting {
		v.w = max(1, l.start/pVW)
		v.busyW = max(1, l.start/9)
	}
	v.vis = pVis
	v.room = v.base + pRoomH*headroom(l.rho(), l.w, l.v)
	if l.burst {
		v.vis = pBV
		v.room = math.Inf(1)
	}
	if l.phase == starting && l.rDone >= 3 {
		v.vis = pSV
		v.room = math.Inf(1)
	}
	if l.probing {
		v.vis = 0
	}
	return v
}
