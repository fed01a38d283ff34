package weirhttp

import "time"

// RetryAfterOf lets tests, and the fuzzer, at the parser of Retry-After.
func RetryAfterOf(text, date string, now time.Time) (time.Duration, bool) {
	return retryAfter(text, date, now)
}

// LongestWait is what no Retry-After exceeds.
const LongestWait = longestWait
