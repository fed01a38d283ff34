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
	holder *holder
}

// A holder says whose permit a ticket is. It outlives the ticket, so that a permit
// that nobody can settle any more can be counted out.
type holder struct{ shedder atomic.Pointer[Shedder] }

// tickets holds those that no permit refers to.
var tickets = sync.Pool{New: func() any {
	t := &ticket{holder: new(holder)}
	t.Bind(t)
	runtime.AddCleanup(t, (*holder).forgotten, t.holder)
	return t
}}

func newTicket(s *Shedder, ctx context.Context, now int64, cohort uint32) weir.Permit {
	t := tickets.Get().(*ticket)
	t.ctx, t.start, t.cohort = ctx, now, cohort
	t.holder.shedder.Store(s)
	return t.Issue()
}

// forgotten is called when the ticket is garbage. If a permit was out, it will never
// be settled.
func (h *holder) forgotten() {
	if s := h.shedder.Load(); s != nil {
		s.leave()
		s.meter.forgotten.Add(1)
	}
}

// Settle implements [weir.Settler].
func (t *ticket) Settle(o weir.Outcome) {
	s, ctx, start, cohort := t.holder.shedder.Load(), t.ctx, t.start, t.cohort
	t.ctx = nil
	t.holder.shedder.Store(nil)
	tickets.Put(t)
	now := s.now()
	n := s.leave()
	if o == weir.Success {
		s.succeeded(now, start, n, cohort)
	} else {
		s.failed(ctx, o, now, start, n, cohort)
	}
	if s.queue != nil && s.queue.waiting.Load() > 0 {
		s.queue.dispatch(now)
	}
	if now >= s.rules.closeAt.Load() {
		s.control.ended(now)
	}
}

func (s *Shedder) succeeded(now, start, n int64, cohort uint32) {
	m := &s.meter
	took := now - start
	log := logOf(took)
	m.done.add(took, log)
	m.worked(now, start, n, s.rules.perWorker.Load())
	if cohort != 0 {
		s.tags.back(cohort, took, log)
	}
}

// failed counts the end of a call that did not succeed.
func (s *Shedder) failed(ctx context.Context, o weir.Outcome, now, start, n int64, cohort uint32) {
	m := &s.meter
	timeout := o == weir.Failure && ctx.Err() == context.DeadlineExceeded
	switch {
	case timeout:
		m.timeout.Add(1)
	case o == weir.Failure:
		m.failed.Add(1)
	case o == weir.Overloaded:
		m.pushed.Add(1)
	default:
		m.ignored.Add(1)
	}
	if timeout { // it kept a worker busy, and nothing came of it
		m.worked(now, start, n, s.rules.perWorker.Load())
	} else {
		m.wasted(now, start)
	}
	if cohort != 0 {
		s.tags.lose(cohort)
	}
}
