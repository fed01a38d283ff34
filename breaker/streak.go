package breaker

import (
	"sync/atomic"
	"time"
)

// A streak is a row of failures without a success. Its length, and when it began,
// are in one word, so that five failures at the same moment are never mistaken
// for five over a long time.
type streak struct{ word atomic.Uint64 }

const (
	streakBits = 24 // for the length; the rest is for milliseconds, modulo 34 years
	msMask     = 1<<(64-streakBits) - 1
)

// extend adds a failure, and returns how long the streak is and has lasted.
func (s *streak) extend(now int64) (length uint32, lasted time.Duration) {
	ms := uint64(now/int64(time.Millisecond)) & msMask
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
			return uint32(after & (1<<streakBits - 1)), elapsed(since, ms)
		}
	}
}

// elapsed is the time from one reading to a later one. Another goroutine may have
// begun the streak a moment later than this one read the clock.
func elapsed(since, ms uint64) time.Duration {
	d := (ms - since) & msMask
	if d > msMask/2 {
		return 0
	}
	return time.Duration(d) * time.Millisecond
}

// end ends the streak. It writes only if there is one.
func (s *streak) end() {
	if s.word.Load() != 0 {
		s.word.Store(0)
	}
}
