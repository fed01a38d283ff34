package breaker

import (
	"sync/atomic"
	"time"
)

// A streak is a row of failures without a success. Its length, and when it began,
// are in one word, so that five failures at the same moment are never mistaken
// for five over a long time.
type streak struct{ word atomic.Uint64 }

const streakBits = 24 // for the length; the rest is for milliseconds, 34 years of them

// extend adds a failure, and returns how long the streak is and has lasted.
func (s *streak) extend(now int64) (length uint32, lasted time.Duration) {
	ms := uint64(now) / uint64(time.Millisecond)
	for {
		before := s.word.Load()
		after := before + 1
		switch before & (1<<streakBits - 1) {
		case 0:
			after = ms<<streakBits | 1
		case 1<<streakBits - 1:
			after = before // long enough
		}
		if s.word.CompareAndSwap(before, after) {
			since := after >> streakBits
			return uint32(after & (1<<streakBits - 1)), time.Duration(ms-min(since, ms)) * time.Millisecond
		}
	}
}

// end ends the streak. It writes only if there is one.
func (s *streak) end() {
	if s.word.Load() != 0 {
		s.word.Store(0)
	}
}
