package load

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/weirgo/weir"
)

// allowCrowded is Allow where there may not be room for everybody.
func (s *Shedder) allowCrowded(ctx context.Context, now int64) (weir.Permit, error) {
	class := classOf(ctx)
	s.meter.crowd[class].Add(1)
	if reason := s.unwelcome(ctx, class); reason != 0 {
		return s.refuse(ctx, now, class, reason)
	}
	limit, reason := s.limit(ctx, class, now)
	if s.queue != nil && s.queue.waiting.Load() > 0 {
		return s.queue.wait(ctx, class, now) // nobody overtakes those who wait
	}
	if s.meter.inFlight.Load() < limit {
		if n := s.meter.inFlight.Add(1); n <= limit {
			return s.admit(ctx, now, n, limit), nil
		}
		s.meter.inFlight.Add(-1) // others were faster
	}
	s.meter.refused.Add(1)
	if s.nearLimit(class) {
		s.meter.capped.Add(1)
	}
	if s.control.stalled(now) {
		n := s.meter.inFlight.Add(1)
		return s.admit(ctx, now, n, limit), nil
	}
	if s.queue != nil && reason == ReasonLimit {
		return s.queue.wait(ctx, class, now)
	}
	return s.refuse(ctx, now, class, reason)
}

// nearLimit reports whether a call of the class is refused for the limit itself, or
// would be if it had a little more time.
func (s *Shedder) nearLimit(class int) bool {
	return float64(s.meter.inFlight.Load())+1 > 0.8*float64(s.rules.limits[class].Load())
}

// unwelcome returns why a call is refused even if there is room, 0 if it is not.
func (s *Shedder) unwelcome(ctx context.Context, class int) Reason {
	if share := s.rules.drop[class].Load(); share > 0 && rand.Float64() < share {
		return ReasonDownstream
	}
	if share := s.squeezed(class); share > 0 && rand.Float64() < share {
		return ReasonSignal
	}
	if s.fair != nil && s.fair.excessive(class, s.opts.Caller(ctx)) && float64(s.meter.inFlight.Load()) >= s.rules.workers.Load() {
		return ReasonCaller
	}
	return 0
}

// squeezed returns the share of a class that a signal wants refused.
func (s *Shedder) squeezed(class int) float64 {
	q := s.monitor.squeeze()
	top := int(q.class) - int(weir.Sheddable)
	if q.share == 0 || class > top {
		return 0
	}
	var m mix
	for i := range m {
		m[i] = s.rules.shares[i].Load()
	}
	return m.lowestFirst(q.share, top)[class]
}

// limit returns how many calls may be in flight if a call is admitted, and what it
// is refused for if there are already so many.
func (s *Shedder) limit(ctx context.Context, class int, now int64) (int64, Reason) {
	r := &s.rules
	limit := r.limit(class)
	left := r.patience.Load()
	if deadline, ok := ctx.Deadline(); ok {
		if burst := r.burst.Load(); burst > limit && !r.probing.Load() {
			limit = burst
		}
		left = int64(deadline.Sub(s.epoch)) - now
	}
	rate := r.rate.Load()
	if left == 0 || rate == 0 {
		return limit, ReasonLimit
	}
	if inTime := withinReach(rate*float64(left), r.workers.Load()); inTime < limit {
		return inTime, ReasonDeadline
	}
	return limit, ReasonLimit
}

// withinReach returns how many calls may be in flight so that the last of them is
// done in time, if services are finished until then: the mean and its spread must
// fit, and what is left to chance. There is always room for one call per worker.
func withinReach(services, workers float64) int64 {
	const (
		sigmas = 1.2
		share  = 0.6
	)
	services = max(0, services)
	m := math.Sqrt(services+sigmas*sigmas/4) - sigmas/2 // m + sigmas*sqrt(m) = services
	return int64(max(1, math.Round(workers), min(share*services, m*m)))
}
