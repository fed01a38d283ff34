package limit

import "time"

const maxParts = 64 // of a store that are told apart; a power of two

// gates are those of a door: one for each part of the store, or a single one.
// Each finds out by itself that its part does not answer.
type gates struct {
	of   func(key string) int // nil if there is a single gate
	all  []gate
	news news
}

func (gs *gates) init(prefix string, o doorOptions) {
	n := 1
	if s, ok := o.store.(Parted); ok {
		gs.of = s.Parts(prefix)
	}
	if gs.of != nil {
		n = maxParts
	}
	gs.all, gs.news.hook = make([]gate, n), o.onDegraded
	epoch := time.Now()
	for i := range gs.all {
		gs.all[i].init(epoch, o.timeout, &gs.news)
	}
}

// gate returns the gate of the key's part.
func (gs *gates) gate(key string) *gate {
	if gs.of == nil {
		return &gs.all[0]
	}
	return &gs.all[uint(gs.part(key))%maxParts]
}

// part is what the store says. As its answers are, a panic is taken for a fault of
// the store: such keys have one gate among them.
func (gs *gates) part(key string) (n int) {
	defer func() {
		if recover() != nil {
			n = 0
		}
	}()
	return gs.of(key)
}

// open reports whether callers with that key are kept away from the store. While
// all of it works, that costs no look at the key.
func (gs *gates) open(key string) bool {
	return gs.news.broken.Load() > 0 && gs.gate(key).open()
}

// hung is after how long without an answer the store is left alone. It is the same
// for all parts.
func (gs *gates) hung() time.Duration { return gs.all[0].hung }

// now is the clock of all gates.
func (gs *gates) now() int64 { return gs.all[0].now() }

// stats fills in what the gates know.
func (gs *gates) stats(st *doorStats) {
	for i := range gs.all {
		g := &gs.all[i]
		st.failures += g.failures.Load()
		if ph := g.phase.Load(); ph.broken && (st.since.IsZero() || ph.since.Before(st.since)) {
			st.since = ph.since
		}
	}
	gs.news.mu.Lock()
	defer gs.news.mu.Unlock()
	st.lastErr = gs.news.lastErr
}
