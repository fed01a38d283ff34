package weir

import (
	"context"
	"errors"
	"strconv"
)

// Criticality says how much it matters that a request is served. The four
// classes, and their names, are those of Google's "Handling Overload" (Site
// Reliability Engineering, chapter 21). Greater is more critical, so classes can
// be compared; the zero Criticality is no class and means "not said".
type Criticality uint8

const (
	// Sheddable work may be refused for long stretches: batch jobs, prefetch.
	Sheddable Criticality = iota + 1
	// SheddablePlus work is expected to be refused at times, and retried later.
	SheddablePlus
	// Critical work is seen by users. It is the default.
	Critical
	// CriticalPlus is for the few requests whose refusal hurts at once.
	CriticalPlus
)

var criticalityNames = [...]string{
	Sheddable:     "sheddable",
	SheddablePlus: "sheddable-plus",
	Critical:      "critical",
	CriticalPlus:  "critical-plus",
}

// ErrCriticality is the error of [ParseCriticality].
var ErrCriticality = errors.New("weir: unknown criticality")

// String returns "sheddable", "sheddable-plus", "critical" or "critical-plus".
func (c Criticality) String() string {
	if c.valid() {
		return criticalityNames[c]
	}
	return "criticality(" + strconv.Itoa(int(c)) + ")"
}

func (c Criticality) valid() bool { return Sheddable <= c && c <= CriticalPlus }

// ParseCriticality is the inverse of [Criticality.String]. It knows the four
// names in lower case; anything else is [ErrCriticality].
func ParseCriticality(s string) (Criticality, error) {
	for c := Sheddable; c <= CriticalPlus; c++ {
		if criticalityNames[c] == s {
			return c, nil
		}
	}
	return 0, ErrCriticality
}

type criticalityKey struct{}

// WithCriticality returns a context that carries c. Work done for a request is
// never less critical than the request itself: where ctx already carries a
// higher class, that one stays, for a call that is shed on behalf of a critical
// caller fails the caller as well. It panics on an unknown class.
func WithCriticality(ctx context.Context, c Criticality) context.Context {
	if !c.valid() {
		panic("weir: WithCriticality with an unknown " + c.String())
	}
	if parent, ok := ctx.Value(criticalityKey{}).(Criticality); ok && parent >= c {
		return ctx
	}
	return context.WithValue(ctx, criticalityKey{}, c)
}

// CriticalityFrom returns the class that ctx carries, [Critical] if none.
func CriticalityFrom(ctx context.Context) Criticality {
	if c, ok := ctx.Value(criticalityKey{}).(Criticality); ok {
		return c
	}
	return Critical
}
