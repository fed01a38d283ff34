package limit

import "time"

// abandoned ends a pass because the caller's context is done. That says nothing
// against the store. But a deadline that passed adds to its silence, and after
// enough of that it is taken to have failed; while it has, fewer callers should
// lose their time to probes.
func (g *gate) abandoned(p pass, deadline bool, err error) {
	now := g.now()
	p.leave(now)
	if p.phase.broken && deadline {
		p.postpone(now, 2)
	} else if p.phase.broken {
		p.postpone(now, 1)
	} else if deadline && g.hush(p.start, now) >= g.patience {
		g.settle(p, err)
	}
}

func (g *gate) hush(from, to int64) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silent.Store(true)
	return g.silence.add(from, to)
}

// silence is how long in total somebody waited for the store, and nobody got an
// answer. Callers whose deadlines are shorter than the timeout would otherwise
// never find out that a store hangs.
type silence struct {
	total time.Duration
	until int64 // counted up to here, so that those who wait together count once
}

func (s *silence) add(from, to int64) time.Duration {
	s.total += time.Duration(max(0, to-max(from, s.until)))
	s.until = max(s.until, to)
	return s.total
}
