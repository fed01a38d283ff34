package limit

import "context"

// A fetch takes tokens of a key from the store: what its caller needs, and some
// more.
type fetch struct {
	cost  int // what the caller needs
	have  int // what is left of the last lease, less than cost
	extra int // for those who wait, and those to come
}

// fetch is called by whoever has begun to fetch for c.
func (l *leases) fetch(ctx context.Context, s *leaseShard, c *lease, key string, f fetch) (Decision, bool, error) {
	ended := false
	defer func() {
		if !ended { // somebody ended the goroutine, or a hook panicked
			s.mu.Lock()
			defer s.mu.Unlock()
			c.tokens = f.have
			c.dismiss()
		}
	}()
	t, got, answered, err := l.ask(ctx, key, f)
	now := l.now()
	s.mu.Lock()
	ended = true
	d := l.settle(c, f, t, got, answered, err, now)
	s.mu.Unlock()
	if err == nil && !answered {
		return decisionOf(l.door.standIn(&request{key: key, n: f.cost, buckets: l.buckets}), true), true, nil
	}
	return d, false, err
}

// wanted returns how many tokens to ask for.
func (l *leases) wanted(f fetch) int { return addUpTo(l.most, f.extra, f.cost-f.have) }

// ask takes from the store what the caller lacks and the extra tokens; if that is
// too much, what there is; if somebody else took that, only what the caller lacks.
func (l *leases) ask(ctx context.Context, key string, f fetch) (t Taken, got int, answered bool, err error) {
	lack := f.cost - f.have
	got = l.wanted(f)
	for range 2 {
		t, answered, err = l.askFor(ctx, key, got)
		if !answered || t.OK || got == lack {
			return t, got, answered, err
		}
		got = max(lack, min(got-1, t.Remaining))
	}
	t, answered, err = l.askFor(ctx, key, lack)
	return t, lack, answered, err
}

func (l *leases) askFor(ctx context.Context, key string, n int) (Taken, bool, error) {
	return l.door.ask(ctx, &request{key: key, n: n, buckets: l.buckets})
}

// settle ends a fetch that asked for got tokens, and returns what its caller is
// told. It needs the shard's mutex.
func (l *leases) settle(c *lease, f fetch, t Taken, got int, answered bool, err error, now int64) Decision {
	c.used, c.tokens = now, f.have
	switch {
	case err != nil: // the caller's; the next one may fare better
		c.serve(l, now)
		return Decision{}
	case !answered:
		c.dismiss()
		return Decision{}
	}
	c.learn(t, now)
	switch {
	case !t.OK:
		c.refuse(f.cost, t.Wait, l, now)
	case t.Remaining == 0 && got < l.wanted(f): // nor is there more for a while
		c.grant(got-(f.cost-f.have), now, l.keep)
		c.refuse(1, 0, l, now)
	default:
		c.grant(got-(f.cost-f.have), now, l.keep)
	}
	d := c.decision(t.OK, now)
	c.serve(l, now)
	return d
}
