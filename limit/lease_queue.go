package limit

import (
	"context"
	"slices"

	"github.com/weirgo/weir/internal/ctxerr"
)

// A claimant waits while somebody else fetches tokens of its key.
type claimant struct {
	cost  int
	ready chan verdict // holds one
}

// A verdict ends a wait.
type verdict struct {
	kind     verdictKind
	decision Decision // if decided
	fetch    fetch    // if lead
}

type verdictKind uint8

const (
	decided verdictKind = iota
	lead                // the claimant is the next to ask the store
	alone               // the store does not answer; see to yourself
)

func (c *lease) enqueue(cost int) *claimant {
	w := &claimant{cost: cost, ready: make(chan verdict, 1)}
	c.queue = append(c.queue, w)
	return w
}

// leave reports whether w was still in line.
func (c *lease) leave(w *claimant) bool {
	i := slices.Index(c.queue, w)
	if i < 0 {
		return false
	}
	c.queue = slices.Delete(c.queue, i, i+1)
	return true
}

func (c *lease) pop() *claimant {
	w := c.queue[0]
	c.queue[0] = nil
	c.queue = c.queue[1:]
	return w
}

// serve goes through the line: who can be told is told, and the first who cannot
// is the next to ask the store. Without anybody left, the fetch is over.
func (c *lease) serve(l *leases, now int64) {
	for len(c.queue) > 0 {
		d, ok := c.decide(c.queue[0].cost, now)
		if !ok {
			break
		}
		c.pop().ready <- verdict{decision: d}
	}
	// More than that only if somebody left who was asked for.
	c.tokens = min(c.tokens, l.size)
	c.granted = c.tokens
	if len(c.queue) == 0 {
		c.fetching, c.queue = false, nil
		return
	}
	w := c.pop()
	w.ready <- verdict{kind: lead, fetch: c.begin(w.cost, l, now)}
}

// dismiss ends a fetch and sends everybody away.
func (c *lease) dismiss() {
	c.sendAway()
	c.fetching, c.queue = false, nil
}

func (c *lease) sendAway() {
	for len(c.queue) > 0 {
		c.pop().ready <- verdict{kind: alone}
	}
}

// overdue reports whether somebody has asked the store for longer than one that
// heeds its context could. Nobody should wait for that: the key's gate decides.
func (c *lease) overdue(l *leases, now int64) bool {
	hung := l.door.gates.hung()
	return c.fetching && hung > 0 && now-c.began > int64(hung)
}

// await is take for a claimant.
func (l *leases) await(ctx context.Context, s *leaseShard, c *lease, key string, w *claimant) (Decision, bool, error) {
	v, err := s.wait(ctx, c, w)
	if err != nil {
		if v.kind == lead { // given to somebody who has gone: the next one's turn
			s.mu.Lock()
			defer s.mu.Unlock()
			c.tokens = v.fetch.have
			c.serve(l, l.now())
		}
		return Decision{}, false, err
	}
	switch v.kind {
	case lead:
		return l.fetch(ctx, s, c, key, v.fetch)
	case alone:
		return l.direct(ctx, key, w.cost)
	}
	return v.decision, false, nil
}

// wait returns the verdict on w. If ctx is done first, it returns an error, and
// whatever w was made meanwhile. A decision that has been made stands.
func (s *leaseShard) wait(ctx context.Context, c *lease, w *claimant) (verdict, error) {
	select {
	case v := <-w.ready:
		return v, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	left := c.leave(w)
	s.mu.Unlock()
	if left {
		return verdict{}, ctxerr.Err(ctx)
	}
	v := <-w.ready
	if v.kind == decided {
		return v, nil
	}
	return v, ctxerr.Err(ctx)
}
