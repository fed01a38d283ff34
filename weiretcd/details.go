package weiretcd

import "time"

// Details yields what is to be known in words about the registrar, until yield
// returns false. A debug page shows it beside the metrics. The keys are:
//
//	state    "registered", or "not registered"
//	since    since when, as RFC 3339 has it
//	reason   the last failure, if there was one; it stays when all is well again
func (r *Registrar) Details(yield func(key, value string) bool) {
	st := r.Stats()
	state := "registered"
	if !st.Registered {
		state = "not registered"
	}
	if !yield("state", state) {
		return
	}
	if !st.Since.IsZero() && !yield("since", st.Since.UTC().Format(time.RFC3339Nano)) {
		return
	}
	if st.LastError != nil {
		yield("reason", st.LastError.Error())
	}
}
