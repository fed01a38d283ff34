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
	modest := false
	if s.picky() {
		var refusal *Refusal
		if modest, refusal = s.unwelcome(ctx, class); refusal != nil {
			return s.refuse(ctx, now, refusal)
		}
	}
	if s.queue != nil && s.queue.waiting.Load() > 0 {
		return s.queue.wait(ctx, class, now) // nobody overtakes those who wait
	}
	if sure := s.rules.lowered(s.rules.sure[class].Load(), class); s.inFlight() < sure {
		if n := s.enter(); n <= sure {
			return s.admit(ctx, now, n), nil
		}
		s.leave() // others were faster
	}
	return s.allowInTime(ctx, class, now, modest)
}

// allowInTime is Allow where it may depend on the time left whether there is room.
func (s *Shedder) allowInTime(ctx context.Context, class int, now int64, modest bool) (weir.Permit, error) {
	limit, reason := s.limit(ctx, class, now)
	if modest {
		limit = min(limit+minReserve, int64(s.opts.MaxLimit))
	}
	if s.inFlight() < limit {
		if n := s.enter(); n <= limit {
			return s.admit(ctx, now, n), nil
		}
		s.leave() // others were faster
	}
	if s.queue != nil && reason == ReasonLimit {
		return s.queue.wait(ctx, class, now)
	}
	if s.crowdedOut(class, now) {
		return s.relieve(ctx, now), nil
	}
	return s.refuse(ctx, now, s.refused.errs[reason][class])
}

// crowdedOut counts that a call finds no room, and reports whether it is let in all
// the same because nothing moves.
func (s *Shedder) crowdedOut(class int, now int64) bool {
	s.meter.refused.Add(1)
	if s.nearLimit(class) {
		s.meter.capped.Add(1)
	}
	return s.control.stalled(now)
}

// nearLimit reports whether a call of the class is refused for the limit itself, or
// would be if it had a little more time.
func (s *Shedder) nearLimit(class int) bool {
	return float64(s.inFlight())+1 > 0.8*float64(s.rules.limits[class].Load())
}

// picky reports whether there may be calls that are refused even if there is room.
func (s *Shedder) picky() bool {
	return s.rules.dropping.Load() || s.monitor.wanted.Load() != nil || s.fair != nil
}

// unwelcome returns why a call is refused even if there is room, nil if it is not. The
// caller is modest if others who call more often have to stand back.
func (s *Shedder) unwelcome(ctx context.Context, class int) (modest bool, r *Refusal) {
	if s.rules.dropping.Load() && rand.Float64() < s.rules.drop[class].Load() {
		return false, s.refused.errs[ReasonDownstream][class]
	}
	if squeezes := s.monitor.squeezes(); squeezes != nil {
		if share, signal := s.squeezed(squeezes, class); rand.Float64() < share {
			return false, s.refused.signals[signal][class]
		}
	}
	if s.fair == nil {
		return false, nil
	}
	modest, excess := s.fair.judge(class, s.opts.Caller(ctx))
	if excess && float64(s.inFlight()) >= s.rules.floor.Load() {
		return false, s.refused.errs[ReasonCaller][class]
	}
	return modest, nil
}

// squeezed returns the share of a class that signals want refused, and the signal
// that wants most.
func (s *Shedder) squeezed(squeezes []squeeze, class int) (share float64, signal int) {
	mix := s.rules.mix()
	for _, q := range squeezes {
		top := indexOf(min(q.class, weir.CriticalPlus))
		if class > top {
			continue
		}
		if of := mix.lowestFirst(q.share, top)[class]; of > share {
			share, signal = of, q.signal
		}
	}
	return share, signal
}

// limit returns how many calls may be in flight if a call is admitted, and what it
// is refused for if there are already so many.
func (s *Shedder) limit(ctx context.Context, class int, now int64) (int64, Reason) {
	r := &s.rules
	until, known := ctx.Deadline()
	if !known {
		return r.lowered(r.undated[class].Load(), class), ReasonLimit
	}
	limit := r.limit(class)
	left := int64(until.Sub(s.epoch)) - now
	if left > r.ample[class].Load() {
		return min(limit+r.spare[class].Load(), int64(s.opts.MaxLimit)), ReasonLimit
	}
	return s.limitFor(left, class, limit)
}

// limitFor is limit for a call of which the time left, in ns, may decide.
func (s *Shedder) limitFor(left int64, class int, most int64) (int64, Reason) {
	r := &s.rules
	d := r.deadline()
	limit, reach := float64(most), d.reach(float64(left))
	if class >= int(r.filling.Load()) {
		limit = min(limit+d.extra(r.base.Load(), reach), float64(s.opts.MaxLimit))
	}
	if inTime := s.inTime(class, &d, reach); inTime < limit {
		return int64(inTime), ReasonDeadline
	}
	return int64(limit), ReasonLimit
}

// inTime returns how many calls may be in flight for one of the class to be done in
// time.
func (s *Shedder) inTime(class int, d *deadline, reach float64) float64 {
	return math.Floor(max(reach-s.rules.reserve(class), d.floor, float64(s.opts.MinLimit)) + 0.5)
}
