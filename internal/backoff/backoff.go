// Package backoff has the pauses between tries. Those with jitter are of "Exponential
// Backoff And Jitter" in the AWS Architecture Blog.
//
// Everywhere base is at least 1 and limit at least base.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Doubled returns base, doubled n-1 times, but at most limit: the pause before the
// nth retry, counted from 1, with nothing left to chance.
func Doubled(base, limit time.Duration, n int) time.Duration {
	if base > limit>>(n-1) { // as it is from the 64th on
		return limit
	}
	return base << (n - 1)
}

// Full draws the pause before the nth retry from 0 to what [Doubled] returns.
func Full(base, limit time.Duration, n int) time.Duration {
	return between(0, Doubled(base, limit, n))
}

// Decorrelated draws a pause from base to three times the previous one, or three
// times base if there was none, but at most limit.
func Decorrelated(base, limit, previous time.Duration) time.Duration {
	return between(base, tripled(max(previous, base), limit))
}

func tripled(d, limit time.Duration) time.Duration {
	if d > limit/3 {
		return limit
	}
	return 3 * d
}

// between draws from low to high, both included.
func between(low, high time.Duration) time.Duration {
	// Unsigned: the longest duration and one more is no duration.
	return low + time.Duration(rand.Uint64N(uint64(high-low)+1))
}
