package load

// Details yields what is to be known in words about the shedder, until yield
// returns false. A debug page shows it beside the metrics. The key is:
//
//	reason   a signal that cannot be read, and why
func (s *Shedder) Details(yield func(key, value string) bool) {
	for _, sig := range s.monitor.stats(s.now()) {
		if sig.Err != nil && !yield("reason", "signal "+sig.Name+": "+sig.Err.Error()) {
			return
		}
	}
}
