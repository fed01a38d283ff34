package limit

import (
	"sync/atomic"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/stripe"
)

const groupSize = 64

// A group is up to 64 slots, and a word that says where to look for a free one,
// so that a full group costs one load.
type group struct {
	limit *Concurrency
	slots []slot
	// state is a version, which every change moves on, and below it a code.
	state atomic.Uint64
}

const (
	codeMask = 1<<8 - 1

	codeAnywhere uint64 = 0    // slots may be free
	_                   = 1    // to 64: slot code-1 was given back to a group that was full
	codeClosing  uint64 = 0xfe // somebody found no free slot and looks again
	codeFull     uint64 = 0xff // no slot is free
)

func withCode(state, code uint64) uint64 { return (state | codeMask) + 1 + code }

// A slot is 64 bytes where pointers are 8, so that no two share a cache line.
// The allocator may put a group 8 bytes past the start of a line; hence what is
// rarely used comes last.
type slot struct {
	weir.Slot
	group *group
	index uint32
	seen  sighting // guarded by limit.reclaim.mu
}

func newGroup(l *Concurrency, size int) *group {
	g := &group{limit: l, slots: make([]slot, size)}
	for i := range g.slots {
		s := &g.slots[i]
		s.group, s.index = g, uint32(i)
		s.Bind(s)
	}
	return g
}

// at returns the slot that hint stands for. The hint's high bits have chosen the
// group.
func (g *group) at(hint uint32) *slot { return &g.slots[stripe.Pick(hint<<8, len(g.slots))] }

// take returns a permit of the group if one is free.
//
// The group becomes full in two steps, for a slot may be given back behind the
// back of whoever scans. Once the state is closing, everybody who gives a slot
// back changes it. So if a whole scan begun in that state finds nothing, and the
// state is still the same, then nothing is free.
func (g *group) take(hint uint32) (weir.Permit, bool) {
	for {
		state := g.state.Load()
		code := state & codeMask
		start := int(code) - 1
		switch code {
		case codeFull:
			return weir.Permit{}, false
		case codeAnywhere, codeClosing:
			start = int(g.at(hint).index)
		}
		if p, ok := g.scan(start); ok {
			if code != codeAnywhere {
				g.state.CompareAndSwap(state, withCode(state, codeAnywhere))
			}
			return p, true
		}
		if code != codeClosing {
			g.state.CompareAndSwap(state, withCode(state, codeClosing))
		} else if g.state.CompareAndSwap(state, withCode(state, codeFull)) {
			return weir.Permit{}, false
		}
	}
}

func (g *group) scan(start int) (weir.Permit, bool) {
	for i := start; i < len(g.slots); i++ {
		if p, ok := g.slots[i].TryIssue(); ok {
			return p, true
		}
	}
	for i := range start {
		if p, ok := g.slots[i].TryIssue(); ok {
			return p, true
		}
	}
	return weir.Permit{}, false
}

// Settle implements [weir.Settler]. The slot is free already.
func (s *slot) Settle(weir.Outcome) {
	g := s.group
	if g.state.Load()&codeMask >= codeClosing {
		g.reopen(s.index)
	}
	if g.limit.waiting.Load() > 0 {
		g.limit.grant()
	}
}

// reopen says that the slot at index is free, if the group is full or closing.
func (g *group) reopen(index uint32) {
	for {
		state := g.state.Load()
		if state&codeMask < codeClosing || g.state.CompareAndSwap(state, withCode(state, uint64(index)+1)) {
			return
		}
	}
}
