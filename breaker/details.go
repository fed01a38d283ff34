package breaker

import (
	"fmt"
	"iter"
	"time"

	"github.com/weirgo/weir"
)

// Details yields what is to be known in words about the breaker, until yield
// returns false. A debug page shows it beside the metrics. The keys are:
//
//	state        as State.String has it
//	since        when an open breaker opened, as RFC 3339 has it
//	next probe   when the next call may be tried, of an open breaker
//	reason       why calls failed, newest first: up to five times
func (b *Breaker) Details(yield func(key, value string) bool) {
	state := b.State()
	if !yield("state", state.String()) {
		return
	}
	if state == Open {
		since, next := b.probes.since.Load(), b.probes.next.Load()
		if !yield("since", b.clock(since)) || !yield("next probe", b.clock(next)) {
			return
		}
	}
	for _, r := range b.reasons.Load().snapshot() {
		if !yield("reason", r.line()) {
			return
		}
	}
}

// clock formats what the breaker's clock showed, or will show, at the time now.
func (b *Breaker) clock(now int64) string {
	return b.epoch.Add(time.Duration(now)).UTC().Format(time.RFC3339Nano)
}

// line is "connection refused (3 times, last at 2026-11-21T12:00:00Z)".
func (r Reason) line() string {
	times := "once, at"
	if r.Count > 1 {
		times = fmt.Sprintf("%d times, last at", r.Count)
	}
	return fmt.Sprintf("%s (%s %s)", r.Text, times, r.Last.UTC().Format(time.RFC3339))
}

// Parts ranges over the breakers of the group, the overflow breaker last: what has
// the metrics of the group, one by one. No lock is held meanwhile.
func (g *Group[K]) Parts() iter.Seq[weir.Source] {
	return func(yield func(weir.Source) bool) {
		for _, b := range g.All() {
			if !yield(b) {
				return
			}
		}
		yield(g.overflow)
	}
}
