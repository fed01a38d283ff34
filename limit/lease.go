package limit

import (
	"math/rand/v2"
	"time"
)

// A lease is what a process holds of one key: tokens that it has taken from the
// store and not yet spent, and what the store said last. It belongs to its
// shard's mutex.
type lease struct {
	tokens  int
	expires int64 // when the tokens do
	fetched int64 // when the store gave the last ones
	granted int   // how many it gave beyond what was spent at once
	extra   int   // how many to ask for beyond that
	used    int64

	fetching bool        // somebody asks the store
	began    int64       // when that one began
	queue    []*claimant // for the end of that, in order; empty if nobody does

	// Until then events that cost at least so many are refused without asking:
	// the store has said that they do not fit.
	refusedUntil int64
	refusedCost  int
	fits         int64 // when they will

	limit, remaining int   // of the store's last answer
	full             int64 // when all is as if nothing had happened
}

// spend takes n of the tokens.
func (c *lease) spend(n int, now int64) bool {
	if now >= c.expires || c.tokens < n {
		return false
	}
	c.tokens -= n
	return true
}

// decide says what can be said of n events without asking the store.
func (c *lease) decide(n int, now int64) (Decision, bool) {
	if c.spend(n, now) {
		return c.decision(true, now), true
	}
	return c.decision(false, now), now < c.refusedUntil && n >= c.refusedCost
}

// idle reports whether nothing is lost if the lease is dropped.
func (c *lease) idle(now int64, keep time.Duration) bool {
	return !c.fetching && now-c.used > int64(keep) && now >= c.refusedUntil
}

// begin makes the caller, who needs so many events, the one who asks the store.
//
// How many more to ask for follows the traffic: twice as many if the last ones
// were gone in half the time that they live, as many as were of use if some were
// not. So a busy key soon takes whole leases, while what a quiet one takes is
// hardly ever lost.
func (c *lease) begin(cost int, l *leases, now int64) fetch {
	switch {
	case now >= c.expires:
		c.extra = min(c.extra, c.granted-c.tokens)
		c.tokens = 0
	case now-c.fetched <= int64(l.keep)/2:
		c.extra = addUpTo(l.size, c.extra, min(c.extra+1, l.size))
	}
	f := fetch{cost: cost, have: c.tokens, extra: c.extra}
	for _, w := range c.queue {
		f.extra = addUpTo(l.most, f.extra, w.cost)
	}
	c.tokens = 0
	c.fetching, c.began = true, now
	return f
}

func (c *lease) learn(t Taken, now int64) {
	c.limit, c.remaining, c.full = t.Limit, t.Remaining, later(now, int64(t.Reset))
}

func (c *lease) grant(tokens int, now int64, keep time.Duration) {
	c.tokens, c.fetched, c.expires = tokens, now, later(now, int64(keep))
	c.refusedUntil = 0
}

// refuse remembers that n events do not fit before wait is over. Where events
// come faster than one by one is worth a call, a little longer: they gather in
// the store meanwhile, and whoever comes first takes several. The length is
// random, so that of several processes it is not always the same that comes
// first. The store is asked again before the lease's time is over, for events
// may have been given back.
func (c *lease) refuse(n int, wait time.Duration, l *leases, now int64) {
	pause := max(wait, l.gather/2)
	if l.gather > 0 && pause < l.keep {
		pause += rand.N(l.gather)
	}
	c.refusedCost, c.fits = n, later(now, int64(pause))
	c.refusedUntil = later(now, int64(min(pause, l.keep)))
}

// addUpTo returns a + b, or most if that is less, for any b up to most.
func addUpTo(most, a, b int) int {
	if a > most-b {
		return most
	}
	return a + b
}

// decision is what to tell a caller at that time.
func (c *lease) decision(allowed bool, now int64) Decision {
	d := Decision{
		Allowed:    allowed,
		Limit:      c.limit,
		Remaining:  addUpTo(c.limit, c.tokens, c.remaining),
		ResetAfter: time.Duration(max(0, c.full-now)),
	}
	if !allowed {
		d.RetryAfter = time.Duration(max(1, c.fits-now))
	}
	return d
}
