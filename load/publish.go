package load

import "math"

// publish writes the rules that follow from a verdict. The caller holds c.mu.
func (c *control) publish(v verdict) {
	c.publishLimits(v)
	c.publishCohort(v)
	c.publishPressure()
	r := &c.s.rules
	r.closeAt.Store(c.before.at + max(minWindow, int64(c.law.r/2)))
	if c.law.phase == probing || c.law.phase == starting && !v.want.clean {
		r.closeAt.Store(0) // as soon as the cohort is back
	}
}

func (c *control) publishLimits(v verdict) {
	r, o := &c.s.rules, &c.s.opts
	factor := c.late.factor()
	bounded := func(limit float64) int64 {
		return int64(min(max(limit*factor, float64(o.MinLimit)), float64(o.MaxLimit)))
	}
	base := bounded(c.law.limit())
	limits := [numClasses]float64{}
	for i := range limits {
		limits[i] = c.law.limit()
	}
	load := c.law.rho()
	if c.law.phase != starting && load > saturated {
		limits = c.mix.limits(load, v.w, c.law.limitAt)
	}
	r.exempt.Store(int32(c.mix.exempt(load)))
	calm := base
	for i, l := range limits {
		limit := bounded(l)
		r.limits[i].Store(limit)
		calm = min(calm, limit)
	}
	r.base.Store(base)
	r.burst.Store(0)
	if v.burst > 0 {
		r.burst.Store(bounded(v.burst))
	}
	r.lo.Store(max(1, int64(v.lo)))
	r.probe.Store(bounded(v.lo))
	if c.law.phase == probing {
		calm = min(calm, r.lo.Load())
	}
	r.workers.Store(v.w * factor)
	r.perWorker.Store(1 / max(1, v.w))
	r.rate.Store(v.cf)
	r.service.Store(v.s)
	r.offered.Store(c.law.lam)
	r.patience.Store(int64(v.patience))
	r.calm.Store(min(calm, max(1, int64(math.Round(v.w)))))
}

func (c *control) publishCohort(v verdict) {
	s, r := c.s, &c.s.rules
	if v.want.id == c.cohort {
		return
	}
	c.cohort = v.want.id
	r.size.Store(0) // nobody joins meanwhile
	switch {
	case v.want.clean:
		r.kind.Store(cleanCalls)
	case v.want.busy:
		r.kind.Store(busyCalls)
		r.bottom.Store(0.8 * v.w)
	case v.want.phase == starting:
		r.kind.Store(crowdedCalls)
		r.bottom.Store(1 / pFactor)
	default:
		r.kind.Store(crowdedCalls)
		r.bottom.Store(0.6)
	}
	cohort := uint32(v.want.id)
	s.tags.open.Store(uint64(cohort))
	c.base = s.tags.books[cohort&1].read()
	r.probing.Store(c.law.phase == probing) // before the one who fills it up says otherwise
	r.size.Store(uint64(v.want.size))
}

// publishPressure writes which share of each class is refused at the door.
func (c *control) publishPressure() {
	r := &c.s.rules
	for i, share := range c.mix {
		r.shares[i].Store(share)
	}
	share := c.push.share()
	if share > 0 {
		for i, drop := range c.mix.lowestFirst(share, numClasses-1) {
			r.drop[i].Store(drop)
		}
	} else if r.dropping.Load() {
		for i := range r.drop {
			r.drop[i].Store(0)
		}
	}
	r.pushback.Store(share)
	r.dropping.Store(share > 0)
}
