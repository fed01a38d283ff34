package suite

import "time"

// CalmestOf returns which of the laps, by how long each waited, would count.
func CalmestOf(cpus int, waits ...time.Duration) (counted []time.Duration) {
	laps := make([]lap, len(waits))
	for i, w := range waits {
		laps[i].waited = w
	}
	for _, l := range calmest(laps, cpus) {
		counted = append(counted, l.waited)
	}
	return counted
}
