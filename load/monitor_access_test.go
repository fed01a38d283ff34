package load

import "github.com/weirgo/weir"

// squeeze returns the greatest squeeze that a signal wants, whatever its class.
func (m *monitor) squeeze() (worst squeeze) {
	for _, q := range m.squeezes() {
		if q.share > worst.share {
			worst = q
		}
	}
	return worst
}

func (m *monitor) of(class weir.Criticality) (share float64, signal string) {
	for _, q := range m.squeezes() {
		if class >= weir.Sheddable && class <= min(q.class, weir.CriticalPlus) && q.share > share {
			share, signal = q.share, m.watched[q.signal].Name
		}
	}
	return share, signal
}

// share returns the greatest share of traffic up to the class, or a higher one, that
// a signal wants refused.
func (m *monitor) share(class weir.Criticality) float64 {
	share, _ := m.of(class)
	return share
}

// signal returns the name of that signal, "" if there is none.
func (m *monitor) signal(class weir.Criticality) string {
	_, name := m.of(class)
	return name
}
