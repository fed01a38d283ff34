package limit

import "time"

// A Decision is what a limiter answers: whether the events may happen, and what
// a client should know of its limit, for such headers as RateLimit-Remaining.
//
// Where several rates apply, it speaks of the one that allows least.
type Decision struct {
	// Allowed says that the events may happen now. They are counted then; where
	// it is false, none of them is.
	Allowed bool
	// Limit is the burst of the tightest rate, or the quota of the period.
	Limit int
	// Remaining is how many further events would be allowed right now.
	Remaining int
	// RetryAfter is how long to wait until the same events would be allowed, if
	// nobody else takes any: 0 where they were, negative where they never will
	// be, because there are more of them than fit at once.
	RetryAfter time.Duration
	// ResetAfter is how long it takes until all is as if nothing had happened.
	ResetAfter time.Duration
	// Degraded says that the Store did not answer, and that a stand-in decided:
	// see [Fallback].
	Degraded bool
}

func decisionOf(t Taken, degraded bool) Decision {
	return Decision{
		Allowed:    t.OK,
		Limit:      t.Limit,
		Remaining:  t.Remaining,
		RetryAfter: t.Wait,
		ResetAfter: t.Reset,
		Degraded:   degraded,
	}
}
