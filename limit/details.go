package limit

import "time"

// Details yields what is to be known in words about the limiter, until yield
// returns false. A debug page shows it beside the metrics. The keys are:
//
//	since    since when the store, or a part of it, does not answer, as RFC 3339 has it
//	reason   why the store last failed, if it ever did
func (t *Token) Details(yield func(key, value string) bool) { details(t.Stats(), yield) }

// Details yields what [Token.Details] does.
func (p *Period) Details(yield func(key, value string) bool) { details(p.stats(), yield) }

func details(st TokenStats, yield func(key, value string) bool) {
	if !st.DegradedSince.IsZero() &&
		!yield("since", st.DegradedSince.UTC().Format(time.RFC3339Nano)) {
		return
	}
	if st.LastError != nil {
		yield("reason", st.LastError.Error())
	}
}
