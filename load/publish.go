package load

import "math"

// publish writes the rules that follow from a verdict. The caller holds c.mu.
func (c *control) publish(v verdict) {
	c.publishLimits(v)
	c.publishReach(v)
	c.publishPressure()
	c.publishCohorts(v)
	c.s.foresee()
	r := &c.s.rules
	r.closeAt.Store(c.before.at + max(minWindow, int64(c.law.latency/2)))
	if v.eager {
		r.closeAt.Store(c.before.at + c.pause()) // soon after the cohort is back
	}
}

// bounded keeps a limit within the options' bounds, and lowers it while calls are late.
func (c *control) bounded(limit float64) int64 {
	o := &c.s.opts
	return int64(min(max(limit*c.late.factor(), float64(o.MinLimit)), float64(o.MaxLimit)))
}

func (c *control) publishLimits(v verdict) {
	r := &c.s.rules
	load := c.law.overload()
	var limits [numClasses]float64
	for i := range limits {
		limits[i] = v.limit
	}
	filling := 0
	if c.law.phase != starting && load > saturated {
		limits = c.mix.limits(load, v.floor, c.law.limitAt)
		filling = c.mix.filling(load)
	}
	calm := max(1, int64(math.Round(v.floor)))
	for i, l := range limits {
		limit := c.bounded(l)
		r.limits[i].Store(limit)
		calm = min(calm, limit)
	}
	r.probe.Store(c.bounded(v.lo))
	if v.probing {
		calm = min(calm, r.probe.Load())
	}
	r.calm.Store(calm)
	r.exempt.Store(int32(c.mix.exempt(load)))
	r.filling.Store(int32(filling))
	r.base.Store(float64(c.bounded(v.limit)))
}

// publishReach writes what tells how many calls are done in time.
func (c *control) publishReach(v verdict) {
	r := &c.s.rules
	factor := c.late.factor()
	r.perWorker.Store(1 / max(1, v.busyAt))
	r.fast.Store(v.fast)
	r.workers.Store(v.floor)
	r.floor.Store(v.floor * factor)
	r.spread.Store(v.spread)
	r.wait.Store(v.wait)
	r.room.Store(v.room * factor)
	r.patience.Store(int64(v.patience))
	r.service.Store(c.law.clean.mean())
	r.usual.Store(c.law.latency)
	r.offered.Store(c.law.demand)
}

func (c *control) publishCohorts(v verdict) {
	s := c.s
	s.rules.lo.Store(int64(v.lo))
	s.rules.hi.Store(int64(math.Ceil(v.hi)))
	s.rules.probing.Store(v.probing && (v.clean.id != s.clean.law || s.clean.hasRoom())) // before the one who fills it up says otherwise
	s.clean.gather(v.clean)
	s.crowded.gather(v.crowded)
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
