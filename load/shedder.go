package load

import (
	"context"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// A Shedder is a [weir.Guard] that admits as many calls at a time as can be worked
// on, and a few more to keep the workers busy. How many that are it measures all
// the time, from the latencies and the throughput of the calls that it admits; it
// needs neither a configured capacity nor a CPU that is busy.
//
// When there is more to do than can be done, the less critical classes of
// [weir.Criticality] are refused first, and calls whose deadline cannot be met.
//
// It is made by [New]; the zero value does not work. It must not be copied. It has
// no goroutine and no timer, nothing to close, and is garbage once it is dropped.
// Allow and Done each cost one clock reading and a few atomic operations; neither
// they nor a refusal allocate or wait, unless MaxQueue lets calls wait. Now and then
// one call does more for all: it reads the signals, which may allocate and take a
// system call, or draws conclusions from what was measured.
//
// Only calls that succeed are measured. Failures count for nothing, except those
// that ran into their deadline: they kept a worker busy in vain. Where calls end as
// [weir.Overloaded], because something further down refuses them, the shedder
// refuses as large a share at the door.
//
// A permit that is never settled counts as a call in flight until the garbage
// collector finds that nobody can settle it any more. A call that hangs is left out
// of account once it has lasted for about a hundred times as long as others do, and
// a second at least. Until then, if nothing ends at all, a call is let in now and then
// beyond the limit, to see whether it is but those inside that hang.
//
// The law is in the spirit of BBR ("BBR: Congestion-Based Congestion Control",
// Cardwell et al., ACM Queue 2016): the limit follows from the capacity and from
// the latency without queueing, and both are measured apart, because whoever
// measures one under the limit that the other has set measures himself.
type Shedder struct {
	// What calls write comes first, apart from what they read; see meter.
	meter   meter
	refused refusals

	opts    Options
	epoch   time.Time
	rules   rules
	monitor *monitor
	queue   *queue  // nil if nobody may wait
	fair    *shares // nil if callers are not told apart
	hung    hungWatch

	_       [lineSize]byte
	clean   tags // calls that met no queue
	crowded tags // calls that met a crowd
	control control
}

// New returns a shedder. It panics if o is impossible; see Validate.
func New(o Options) *Shedder {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	o = o.withDefaults()
	s := &Shedder{opts: o, epoch: time.Now()}
	signals := o.signals()
	s.monitor = newMonitor(signals, o.CoolOff)
	s.refused.init(signals)
	s.control.init(s)
	if o.MaxQueue > 0 && !o.DryRun {
		s.queue = newQueue(s)
	}
	if o.Caller != nil {
		s.fair = newShares()
	}
	return s
}

// now returns the time since the shedder was made, in ns.
func (s *Shedder) now() int64 { return int64(time.Since(s.epoch)) }

// Allow admits a call, or returns a [*Refusal], or, once ctx is done, the error of
// ctx. It waits only if MaxQueue is set, until the call's turn has come.
func (s *Shedder) Allow(ctx context.Context) (weir.Permit, error) {
	if ctx.Err() != nil {
		return weir.Permit{}, ctxerr.Err(ctx)
	}
	now := s.now()
	s.monitor.poll(now)
	if calm := s.rules.calm.Load(); s.inFlight() < calm && !s.uneasy() {
		if n := s.enter(); n <= calm {
			return s.admit(ctx, now, n), nil
		}
		s.leave() // others were faster
	}
	return s.allowCrowded(ctx, now)
}

// inFlight returns how many calls are in flight, without those that hang.
func (s *Shedder) inFlight() int64 { return s.meter.inFlight.Load() - s.hung.rest.Load() }

// enter counts one more call in flight, and returns how many there are then.
func (s *Shedder) enter() int64 { return s.meter.inFlight.Add(1) - s.hung.rest.Load() }

// leave counts one less, and returns how many there were, with it.
func (s *Shedder) leave() int64 { return s.meter.inFlight.Add(-1) + 1 - s.hung.rest.Load() }

// uneasy reports whether calls must be looked at one by one although there is room.
func (s *Shedder) uneasy() bool {
	return s.rules.dropping.Load() || s.monitor.wanted.Load() != nil ||
		s.queue != nil && s.queue.waiting.Load() > 0
}

// admit hands out the permit of a call that has been counted as the n-th in flight.
func (s *Shedder) admit(ctx context.Context, now, n int64) weir.Permit {
	cohort, place := s.enlist(now, n), uint32(0)
	if cohort != 0 {
		place = (s.meter.ended() + uint32(n)) & placeMask
	}
	return newTicket(s, ctx, now, cohort, place, false)
}

// relieve hands out the permit of a call that is let in although there is no room.
func (s *Shedder) relieve(ctx context.Context, now int64) weir.Permit {
	s.enter()
	return newTicket(s, ctx, now, 0, 0, true)
}

// enlist puts a call into the cohort that it belongs to, if that has room. It returns
// the cohort, 0 if there is none.
func (s *Shedder) enlist(now, n int64) (cohort uint32) {
	switch {
	case n <= s.rules.lo.Load() && s.clean.hasRoom():
		var filled bool
		if cohort, filled = s.clean.join(now, n); filled {
			s.rules.probing.Store(false) // the rest need not be kept out
		}
	case n >= s.rules.hi.Load() && s.crowded.hasRoom():
		cohort, _ = s.crowded.join(now, n)
	}
	return cohort
}
