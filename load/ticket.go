package load

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir"
)

// A ticket is what a permit of a shedder refers to.
type ticket struct {
	weir.Slot
	ctx    context.Context // of the call, for as long as it lasts
	start  int64
	cohort uint32
	place  uint32 // calls that must end for it to be the next, if none overtakes another
	relief bool   // it was let in although there was no room
	holder *holder
}

// A holder says whose permit a ticket is. It outlives the ticket, so that a permit
// that nobody can settle any more can be counted out.
type holder struct {
	out     atomic.Bool // a permit is; all else is written before and read after
	shedder *Shedder
	start   int64               // of the call
	_       [lineSize - 24]byte // calls next to each other in memory may be on different cores
}

// tickets holds those that no permit refers to.
var tickets sync.Pool

func newTicket(s *Shedder, ctx context.Context, now int64, cohort, place uint32, relief bool) weir.Permit {
	t, ok := tickets.Get().(*ticket)
	if !ok {
		t = &ticket{holder: new(holder)}
		t.Bind(t)
		runtime.AddCleanup(t, (*holder).forgotten, t.holder)
	}
	t.ctx, t.start, t.cohort, t.place, t.relief = ctx, now, cohort, place, relief
	t.holder.lend(s, now)
	return t.Issue()
}

// lend notes that a permit is out, for a call that began at start.
func (h *holder) lend(s *Shedder, start int64) {
	h.shedder, h.start = s, start
	h.out.Store(true)
}

// forgotten is called when the ticket is garbage. If a permit was out, it will never
// be settled. It touches nothing but counters, for the goroutine of cleanups may not
// use channels of a synctest bubble; who waits in the queue looks again by himself.
func (h *holder) forgotten() {
	if h.out.Load() {
		s := h.shedder
		s.leave()
		s.hung.gone(h.start)
		s.control.moved()
		s.meter.forgotten.Add(1)
	}
}

// Settle implements [weir.Settler].
func (t *ticket) Settle(o weir.Outcome) {
	h := t.holder
	s, ctx, start, cohort, place, relief := h.shedder, t.ctx, t.start, t.cohort, t.place, t.relief
	t.ctx, h.shedder = nil, nil
	h.out.Store(false)
	tickets.Put(t)
	now := s.now()
	n := s.leave()
	s.hung.gone(start)
	s.control.moved()
	if relief {
		s.control.relievedEnded(now, start)
	}
	if s.meter.count(ctx, o) {
		s.measure(now, start, n, cohort, place)
	} else {
		s.skip(now, start, cohort)
	}
	if s.queue != nil && s.queue.waiting.Load() > 0 {
		s.queue.dispatch(now)
	}
	if now >= s.rules.closeAt.Load() {
		s.control.ended(now)
	}
}

// measure takes in a call that was done.
func (s *Shedder) measure(now, start, n int64, cohort, place uint32) {
	took := now - start
	log := logOf(took)
	s.meter.done.add(took, log)
	s.meter.worked(now, start, n, s.rules.perWorker.Load())
	if cohort != 0 {
		inTurn := s.meter.ended() == place
		s.clean.back(cohort, took, log, inTurn)
		s.crowded.back(cohort, took, log, inTurn)
	}
}

// skip leaves out of account a call of which nobody knows what was done.
func (s *Shedder) skip(now, start int64, cohort uint32) {
	s.meter.wasted(now, start)
	s.meter.skipped.add(now-start, 0)
	if cohort != 0 {
		s.clean.lose(cohort)
		s.crowded.lose(cohort)
	}
}
