package load

import "math"

// foresee works out what can be said of a call before it is there: how many may be in
// flight if it has no deadline, or if that is so far away that it decides nothing. Only
// in between there is something to be calculated for each call. It is called whenever
// the rules have been written.
func (s *Shedder) foresee() {
	r := &s.rules
	d := r.deadline()
	for class := range numClasses {
		r.sure[class].Store(s.within(class, s.inTime(class, &d, d.floor)))
		r.undated[class].Store(s.undated(class, &d))
		spare := s.spare(class, &d)
		r.ample[class].Store(d.timeFor(s.enough(class, &d, spare)))
		r.spare[class].Store(int64(spare))
	}
}

// undated is the limit for calls of the class without a deadline, whose patience is
// guessed.
func (s *Shedder) undated(class int, d *deadline) int64 {
	if d.fast == 0 || d.patience == 0 {
		return s.rules.limits[class].Load()
	}
	return s.within(class, s.inTime(class, d, d.reach(d.patience)))
}

// within is the limit for calls of the class of which so many are done in time.
func (s *Shedder) within(class int, inTime float64) int64 {
	limit := s.rules.limits[class].Load()
	if inTime < float64(limit) {
		return int64(inTime)
	}
	return limit
}

// spare is how many calls of the class beyond the limit may be in flight, up to
// MaxLimit, if they have all the time in the world.
func (s *Shedder) spare(class int, d *deadline) float64 {
	if d.fast == 0 || class < int(s.rules.filling.Load()) {
		return 0
	}
	reach := math.MaxFloat64 / 2
	return min(d.extra(s.rules.base.Load(), reach), float64(s.opts.MaxLimit))
}

// enough is the reach that a call of the class can make use of: more would change
// nothing.
func (s *Shedder) enough(class int, d *deadline, spare float64) float64 {
	r, most := &s.rules, float64(s.opts.MaxLimit)
	limit := min(float64(r.limits[class].Load())+spare, most)
	enough := limit + r.reserve(class)
	if spare > 0 && d.wait > 0 {
		used := min(spare, most-float64(r.limit(class)))
		enough = max(enough, d.floor+(r.base.Load()+used-d.floor)/d.wait)
	}
	return enough
}

// timeFor returns a time in ns from which on there is at least so much reach. It is not
// much more than necessary, and the largest integer if nothing is sure.
func (d *deadline) timeFor(reach float64) int64 {
	const (
		never    = math.MaxInt64
		margin   = 1e-9 // more than rounding can make up
		longer   = 1.2  // from one attempt to the next
		attempts = 50
		longest  = 1 << 62
	)
	switch {
	case d.fast == 0:
		return math.MinInt64 // no deadline decides anything
	case !(d.fast > 0 && d.floor >= 0 && d.spread >= 0): // NaN, too
		return never
	}
	reach = reach*(1+margin) + 1
	left := reach / d.fast
	for range attempts {
		if left < longest && d.reach(left) >= reach {
			return int64(left) + 1 // rounded up
		}
		left *= longer
	}
	return never
}
