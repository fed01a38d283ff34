package limit

import (
	"time"
)

// takeTokens is TakeTokens of a Store for rules.
func (v *view) takeTokens(key string, n int, within time.Duration, rules []rule) Taken {
	a, ok := v.tokens(key, n, within, rules)
	return a.taken(ok)
}

// An answer is all of a Taken but OK. It is small enough for registers, which
// spares some nanoseconds.
type answer struct {
	limit, remaining int
	wait, reset      int64
}

func (a answer) taken(ok bool) Taken {
	return Taken{ok, a.limit, a.remaining, time.Duration(a.wait), time.Duration(a.reset)}
}

func (a answer) decision(ok bool) Decision {
	return Decision{
		Allowed: ok, Limit: a.limit, Remaining: a.remaining,
		RetryAfter: time.Duration(a.wait), ResetAfter: time.Duration(a.reset),
	}
}

// one is tokens for one event now and one rule, as nearly all calls are: the same,
// with nothing to decide about n and within.
func (v *view) one(key string, rules []rule) (answer, bool) {
	hash := v.hash(key)
	t, i := v.mem.tokens.of(hash)
	now := t.enter(v.mem.epoch)
	if c := t.find(hash, v.prefix, key); c != nil {
		r, l := &rules[0], &c.state.first
		if units := l.under(r, now) + r.cost; units <= r.full {
			l.set(r, now, units)
			a := answer{r.burst, r.room(units), 0, l.empty(r, now, units)}
			c.idleAt = max(c.idleAt, later(now, a.reset))
			v.tally(i, &t.tally).allowed++
			t.mu.Unlock()
			return a, true
		}
	}
	return v.tokensLocked(t, i, hash, key, 1, 0, rules, now)
}

func (v *view) tokens(key string, n int, within time.Duration, rules []rule) (answer, bool) {
	hash := v.hash(key)
	t, i := v.mem.tokens.of(hash)
	now := t.enter(v.mem.epoch)
	return v.tokensLocked(t, i, hash, key, n, within, rules, now)
}

// tokensLocked decides, and unlocks. Precondition: t.mu is held.
func (v *view) tokensLocked(t *table[tokens], i int, hash uint64, key string, n int, within time.Duration, rules []rule, now int64) (answer, bool) {
	// Nothing below panics, or calls anybody.
	var s *tokens
	var idleAt *int64
	c := t.find(hash, v.prefix, key)
	if c != nil {
		s, idleAt = &c.state, &c.idleAt
	} else {
		s, idleAt = t.unknown(hash, v.prefix, key, n > 0, now)
	}
	a, ok := s.take(rules, now, n, int64(within))
	if until := later(now, a.reset); until > *idleAt { // a refusal writes nothing
		*idleAt = until
	}
	v.tally(i, &t.tally).count(n, ok)
	t.mu.Unlock()
	return a, ok
}

// tokens is what is kept of a key with token limits: a level per bucket.
type tokens struct {
	first level
	more  *[]level // of the second bucket and so on
}

func (s *tokens) level(i int) *level {
	if i == 0 {
		return &s.first
	}
	return &(*s.more)[i-1]
}

// grow makes room for n levels.
func (s *tokens) grow(n int) {
	if n == 1 || s.more != nil && len(*s.more) >= n-1 {
		return
	}
	more := make([]level, n-1)
	if s.more != nil {
		copy(more, *s.more)
	}
	s.more = &more
}

// take is TakeTokens of a Store, at a time.
func (s *tokens) take(rules []rule, now int64, n int, within int64) (a answer, ok bool) {
	if len(rules) > 1 || n < 0 {
		return s.takeAll(rules, now, n, within)
	}
	r, l := &rules[0], &s.first // the usual case, with nothing done twice
	units := l.under(r, now)
	wait := r.wait(units, max(1, n))
	if wait > 0 {
		wait = later(wait, l.lag(now))
	}
	if ok = accepted(wait, within); ok {
		units = l.pour(r, now, units, n)
	}
	return answer{r.burst, r.room(units), wait, l.empty(r, now, units)}, ok
}

func accepted(wait, within int64) bool {
	return wait == 0 || 0 < wait && wait <= within && wait < tooFar
}

func (s *tokens) takeAll(rules []rule, now int64, n int, within int64) (answer, bool) {
	s.grow(len(rules))
	if n < 0 {
		s.giveBack(rules, now, uint64(-int64(n)), within)
		return s.pour(rules, now, 0, 0), true
	}
	wait := s.wait(rules, now, max(1, n))
	ok := accepted(wait, within)
	if !ok {
		n = 0
	}
	return s.pour(rules, now, n, wait), ok
}

// wait returns in how many nanoseconds n events fit everywhere.
func (s *tokens) wait(rules []rule, now int64, n int) (longest int64) {
	for i := range rules {
		l := s.level(i)
		wait := rules[i].wait(l.under(&rules[i], now), n)
		if wait == never {
			return never
		}
		if wait > 0 {
			longest = max(longest, later(wait, l.lag(now)))
		}
	}
	return longest
}

// pour adds n events, and tells how full the buckets are then.
func (s *tokens) pour(rules []rule, now int64, n int, wait int64) answer {
	a := answer{wait: wait}
	for i := range rules {
		r, l := &rules[i], s.level(i)
		units := l.pour(r, now, l.under(r, now), n)
		if room := r.room(units); i == 0 || room < a.remaining {
			a.limit, a.remaining = r.burst, room
		}
		a.reset = max(a.reset, l.empty(r, now, units))
	}
	return a
}

// giveBack leaves all as it is if others have places after that of the n events:
// who comes next would get one that is taken. That shows in the bucket that makes
// them wait, and holds for all: others' places are counted there from the time at
// which they were reserved.
func (s *tokens) giveBack(rules []rule, now int64, n uint64, after int64) {
	for i := range rules {
		if r := &rules[i]; r.overtaken(s.level(i).under(r, now), after) {
			return
		}
	}
	for i := range rules {
		r, l := &rules[i], s.level(i)
		units := l.under(r, now)
		if 0 < units && units < maxUnits {
			l.set(r, now, r.without(units, n, after))
		}
	}
}
