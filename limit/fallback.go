package limit

import (
	"strconv"
	"time"
)

// A Fallback says how a limiter decides while its [Store] does not answer. The
// zero Fallback is FallbackLocal. Either way, the limiter asks the store again
// within a second, and goes back to it at the first answer; see [TokenOptions].
type Fallback uint8

const (
	// FallbackLocal: each process decides by itself, with its share of the limit:
	// rate, burst and quota divided by Replicas. Burst and quota are rounded
	// down, but to no less than one event; a rate is not rounded unless its span
	// times Replicas were more than a century.
	//
	// An outage begins with full shares, for what the store knew is out of
	// reach. From its beginning to its end, all processes together admit at most
	//
	//	max(Burst, Replicas) + Rate x time
	//
	// beyond what the store admitted before and will admit afterwards, so that
	// any span of time in which there is one outage sees at most Burst +
	// max(Burst, Replicas) + 2 x Rate x time; for a period, Quota + max(Quota,
	// Replicas). Outages that follow one another before a used-up limit is back, or
	// within a minute where that is longer, an hour where it is shorter, go on with
	// the same shares and count as one.
	FallbackLocal Fallback = iota
	// FallbackOpen: everything is allowed that could ever be.
	FallbackOpen
	// FallbackClosed: nothing is allowed. RetryAfter is when the store is asked
	// next.
	FallbackClosed
)

// String returns "local", "open" or "closed".
func (f Fallback) String() string {
	switch f {
	case FallbackLocal:
		return "local"
	case FallbackOpen:
		return "open"
	case FallbackClosed:
		return "closed"
	}
	return "fallback(" + strconv.Itoa(int(f)) + ")"
}

// A standIn decides in place of a store that does not answer.
type standIn struct {
	view   view
	rules  []rule
	window Window
}

func newStandIn(r *request, replicas int) *standIn {
	s := &standIn{view: ownView(), window: r.window}
	s.window.Quota = max(1, r.window.Quota/replicas)
	for _, whole := range r.buckets {
		share := Bucket{whole.Rate.over(replicas), max(1, whole.Burst/replicas)}
		rule, err := share.rule()
		if err != nil { // it takes about a century to fill, whoever divides it
			rule, _ = whole.rule()
		}
		s.rules = append(s.rules, rule)
	}
	return s
}

func (s *standIn) take(r *request) Taken {
	if r.buckets != nil {
		return s.view.takeTokens(r.key, r.n, r.within, s.rules)
	}
	now := time.Now()
	return s.view.takeWindow(r.key, r.n, &s.window, s.window.span(now), now.UnixNano())
}

// over returns the rate divided by n, or if that has no representation, a bit
// less. Only for rates below one event in a century it may be more.
func (r Rate) over(n int) Rate {
	const century = 100 * 365 * 24 * time.Hour
	switch {
	case r.Events%n == 0:
		return Rate{r.Events / n, r.Per}
	case int64(n) <= int64(century/r.Per):
		return Rate{r.Events, r.Per * time.Duration(n)}
	}
	return Rate{max(1, r.Events/n), r.Per}
}

// refillOf returns how long it takes at most until used-up buckets are full again.
func refillOf(buckets []Bucket) time.Duration {
	longest := 0.0
	for _, b := range buckets {
		longest = max(longest, float64(b.Burst)/float64(b.Rate.Events)*float64(b.Rate.Per))
	}
	return time.Duration(min(longest, float64(endless)))
}

// allowed is what FallbackOpen answers.
func (r *request) allowed() Taken {
	most := r.most()
	if r.n > most {
		return Taken{Limit: most, Remaining: most, Wait: -1}
	}
	return Taken{OK: true, Limit: most, Remaining: most}
}

// refused is what FallbackClosed answers.
func (r *request) refused(wait time.Duration) Taken {
	most := r.most()
	if r.n > most {
		wait = -1
	}
	return Taken{Limit: most, Wait: wait, Reset: max(0, wait)}
}

// returned is the answer to events that were given back.
func (r *request) returned() Taken {
	t := r.allowed()
	t.OK = true
	return t
}
