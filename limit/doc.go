// Package limit bounds how much happens: [Concurrency] bounds how many calls
// are in flight at a time.
//
//	calls := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 100, MaxQueue: 50})
//	err := weir.Do(ctx, calls, fetch)
//
// A concurrency limit suits a dependency whose capacity is known, such as a
// database with so many connections. It does not find the right number by
// itself, and it does not look at errors; see package breaker for those.
//
// The standard library's nearest relative is a buffered channel, outside it
// golang.org/x/sync/semaphore. Concurrency adds a bound on those who wait, a
// bound on how long, refusals one can tell from failures, permits that cannot be
// returned twice, and permits that come back when they were forgotten.
package limit
