package load

import "math"

// A speed is capacity as it was a moment ago. How long a moment is, the data say: it is
// the longest of several memories that does not contradict any of the shorter ones, which
// is Lepski's rule (1990). So a steady service is known well, and one that changes soon.
type speed struct {
	scales [speedScales]float64 // per ns; each remembers twice as much as the one before
}

const (
	memoryFast  = 10.0 // completions that the shortest memory has, if they come at random
	speedScales = 4
	// leastVariance bounds how regular completions are taken to be, 1 being at random.
	leastVariance = .3
)

func (s *speed) set(c float64) {
	for i := range s.scales {
		s.scales[i] = c
	}
}

func (s *speed) multiply(f float64) {
	for i := range s.scales {
		s.scales[i] *= f
	}
}

// learn takes in k completions in so much busy time, and returns the speed now. Variance
// is how irregularly they come: the more regular, the fewer say as much.
func (s *speed) learn(k, busy, variance float64) float64 {
	memory := memoryFast * variance
	low, high := math.Inf(-1), math.Inf(1)
	best, fits := 0.0, true
	for i := range s.scales {
		c := &s.scales[i]
		*c *= (memory + k) / (memory + busy**c)
		log, sigma := math.Log(*c), math.Sqrt(variance/2/memory)
		if fits = fits && low <= log && log <= high; fits {
			best = *c
		}
		low, high = max(low, log-sigma), min(high, log+sigma)
		memory *= 2
	}
	return best
}

// regularity is the variance of the number of completions, in relation to its mean. Those
// of one worker come as irregularly as its service times, those of many at random.
func (l *law) regularity() float64 {
	w := max(1, l.workers)
	return min(max((l.clean.cv2+w-1)/w, leastVariance), 1)
}
