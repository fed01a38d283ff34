package limit

import (
	"context"
	"time"
)

// Token limits the rate of events per key: per user, per address, per tenant. A
// key may do Burst events at once, and further ones as its tokens come back,
// evenly at Rate.
//
// It is made by [NewToken]; the zero value does not work. It is safe for
// concurrent use and must not be copied. The arithmetic is in integers and exact
// (the generic cell rate algorithm of ITU-T I.371): in any span of time t, a key
// is allowed Burst + Rate*t events, never one more, however many goroutines ask.
// What Wait and Reserve hand out for later counts when it may happen, which is
// rounded up to a nanosecond.
//
// The state is in this process, or in a [Store] that several share. A failing
// Store is no error to the caller: Decision.Degraded says that a stand-in has
// decided. In this process a decision reads the clock once, takes some 70 ns, and
// allocates nothing for a known key. It takes no lock if the limiter has one rate and
// no Store, as long as that rate is no odd one: of Events and the nanoseconds of
// Per, divided by what they have in common, the former is at most 64. A key then
// takes 85 to 256 bytes, its text included up to 48; see [Memory] for other limiters,
// where a decision takes one lock, of one shard. There is no goroutine and nothing to
// close.
type Token struct {
	opts    TokenOptions
	buckets []Bucket
	rules   []rule
	leases  *leases // nil: none
	ledger  *ledger // nil: decisions are made in the backend
	backend
}

// NewToken returns a limiter. It panics if o is impossible; see Validate.
func NewToken(o TokenOptions) *Token {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	t := &Token{opts: o, buckets: o.buckets()}
	t.rules, _ = rulesOf(nil, t.buckets)
	if o.Store == nil && len(t.rules) == 1 && ledgerFits(t.rules[0]) {
		t.ledger = newLedger(t.rules[0], defaultMaxKeys)
		return t
	}
	t.init(o.Name, doorOptions{o.Store, o.Timeout, o.Fallback, o.Replicas, o.OnDegraded, refillOf(t.buckets)})
	if t.door != nil && o.Lease > 0 {
		t.leases = newLeases(t.door, t.buckets, o.Lease, o.LeaseFor)
	}
	return t
}

// Allow decides about one event. It returns an error only for an impossible key
// ([ErrKey]) and once ctx is done; a refusal is a Decision.
func (t *Token) Allow(ctx context.Context, key string) (Decision, error) {
	if err := check(ctx, key, 1); err != nil {
		return Decision{}, err
	}
	if t.ledger != nil {
		a, ok := t.ledger.one(key)
		return a.decision(ok), nil
	}
	if t.door != nil {
		return t.askDoor(ctx, key, 1)
	}
	if len(t.rules) == 1 {
		a, ok := t.view.one(key, t.rules)
		return a.decision(ok), nil
	}
	a, ok := t.view.tokens(key, 1, 0, t.rules)
	return a.decision(ok), nil
}

// AllowN is [Token.Allow] for n events: all or none. More than Burst are refused
// with a negative RetryAfter. Where n is 0 they are allowed, and nothing is taken;
// where it is negative, the error is [ErrCost].
func (t *Token) AllowN(ctx context.Context, key string, n int) (Decision, error) {
	if err := check(ctx, key, n); err != nil {
		return Decision{}, err
	}
	switch {
	case n == 0:
		return forNothing(t.look(ctx, key))
	case t.door != nil:
		return t.askDoor(ctx, key, n)
	case t.ledger != nil:
		a, ok := t.ledger.take(key, n, 0)
		return a.decision(ok), nil
	}
	a, ok := t.view.tokens(key, n, 0, t.rules)
	return a.decision(ok), nil
}

// askDoor is AllowN where the store is no Memory.
func (t *Token) askDoor(ctx context.Context, key string, n int) (Decision, error) {
	if t.leases == nil {
		taken, degraded, err := t.door.tokens(ctx, key, n, 0, t.buckets)
		return t.counted(n, taken, degraded, err)
	}
	d, degraded, err := t.leases.take(ctx, key, n)
	if err != nil {
		return Decision{}, err
	}
	d.Degraded = degraded
	t.count(n, d.Allowed)
	return d, nil
}

// Peek decides as [Token.Allow] would, but takes nothing.
func (t *Token) Peek(ctx context.Context, key string) (Decision, error) {
	if err := check(ctx, key, 0); err != nil {
		return Decision{}, err
	}
	return t.look(ctx, key)
}

func (t *Token) look(ctx context.Context, key string) (Decision, error) {
	if t.leases != nil {
		d, degraded, err := t.leases.look(ctx, key)
		d.Degraded = degraded
		return d, err
	}
	taken, degraded, err := t.take(ctx, key, 0, 0)
	return decisionOf(taken, degraded), err
}

// take takes n events, or tells of one if n is 0, without counting it behind a
// door.
func (t *Token) take(ctx context.Context, key string, n int, within time.Duration) (Taken, bool, error) {
	switch {
	case t.ledger != nil:
		a, ok := t.ledger.take(key, n, int64(within))
		return a.taken(ok), false, nil
	case t.door == nil:
		return t.view.takeTokens(key, n, within, t.rules), false, nil
	}
	return t.door.tokens(ctx, key, n, within, t.buckets)
}
