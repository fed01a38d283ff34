package weir

import "sync/atomic"

// A Permit is the right to do one piece of admitted work, and the duty to tell
// the guard how it went. It is a small value: copy it freely, pass it to other
// goroutines. All copies are one permit, and exactly the first call of Done on
// any of them counts. The zero Permit is valid and does nothing.
//
// A permit that is never settled wedges nothing for ever; each guard's comment
// says what becomes of it.
type Permit struct {
	slot *Slot
	gen  uint64
}

// Done settles the permit. The first call counts, from whatever goroutine; all
// later ones, also through copies, do nothing. It allocates nothing. An unknown
// outcome is settled as [Failure] and then panics.
func (p Permit) Done(o Outcome) {
	if p.slot == nil || !p.slot.gen.CompareAndSwap(p.gen, p.gen+1) {
		return
	}
	if o > Overloaded {
		settleUnknown(p.slot.settler, o)
	}
	p.slot.settler.Settle(o)
}

func settleUnknown(s Settler, o Outcome) {
	s.Settle(Failure)
	panic("weir: Done with an unknown " + o.String())
}

// A Settler is the guard's side of a permit. Settle is called once for each
// permit, on the goroutine that settled it.
type Settler interface {
	Settle(o Outcome)
}

// A Slot is what the copies of a permit share: one word that moves on when the
// permit is settled. It is for authors of guards; users of guards never see it.
//
// A guard embeds a Slot in whatever it keeps per outstanding call, calls
// [Slot.Bind] once, and then hands out one permit after another from it. The
// word is 64 bits wide and only grows, so a permit settled long ago can never
// be mistaken for a later one. A Slot must not be copied, and is used through
// Issue or through TryIssue, never through both; they panic before Bind.
type Slot struct {
	gen     atomic.Uint64
	settler Settler
}

// Bind sets who hears of the outcome. It must happen before the first permit,
// and panics on nil.
func (s *Slot) Bind(settler Settler) {
	if settler == nil {
		panic("weir: Bind with a nil Settler")
	}
	s.settler = settler
}

// Issue returns a permit on a slot that the caller alone holds, such as one
// fresh from a pool. The slot is the caller's again once Settle is called.
func (s *Slot) Issue() Permit {
	s.mustBeBound()
	return Permit{slot: s, gen: s.gen.Load()}
}

func (s *Slot) mustBeBound() {
	if s.settler == nil {
		panic("weir: a Slot that is not bound")
	}
}

// TryIssue returns a permit on a slot that several goroutines may claim at a
// time; one of them gets it, and no other until that permit is settled. The
// slot is free again before Settle is called.
func (s *Slot) TryIssue() (Permit, bool) {
	s.mustBeBound()
	gen := s.gen.Load()
	if gen&1 != 0 || !s.gen.CompareAndSwap(gen, gen+1) {
		return Permit{}, false
	}
	return Permit{slot: s, gen: gen + 1}, true
}

// Outstanding returns the permit that TryIssue handed out and nobody has settled
// yet, so that a guard can count it or take it back; false if there is none.
func (s *Slot) Outstanding() (Permit, bool) {
	gen := s.gen.Load()
	if gen&1 == 0 {
		return Permit{}, false // a permit of this generation would settle nothing that was issued
	}
	return Permit{slot: s, gen: gen}, true
}

// Issued returns how many permits TryIssue has handed out.
func (s *Slot) Issued() uint64 { return (s.gen.Load() + 1) / 2 }

// PermitFunc returns a permit that calls settled with the outcome, once. It is
// the simplest way to write a [Guard], and allocates. It panics on nil.
func PermitFunc(settled func(Outcome)) Permit {
	if settled == nil {
		panic("weir: PermitFunc with a nil func")
	}
	s := &Slot{settler: settlerFunc(settled)}
	return s.Issue()
}

type settlerFunc func(Outcome)

func (f settlerFunc) Settle(o Outcome) { f(o) }
