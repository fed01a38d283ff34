// Package limit bounds how much happens: [Token] how often, evenly; [Period] how
// often, by quotas per day or hour; [Concurrency] how many calls at a time.
//
//	logins := limit.NewToken(limit.TokenOptions{Rate: limit.PerMinute(5)})
//	d, err := logins.Allow(ctx, user)
//	if err == nil && !d.Allowed {
//		// refuse, and say d.RetryAfter
//	}
//
// Which limit when:
//
//   - Token where a client's demand is to be kept in bounds: so many requests per
//     second of a user, an address, a tenant. It spreads events; what it lets
//     through at once is its burst.
//   - Period where a contract says so: 1000 messages a day. All may come at once,
//     and at the edge of two periods twice as many; Sliding forbids that.
//   - Concurrency where a dependency's capacity is known, such as a database with
//     so many connections. It does not find the right number by itself, nor look
//     at errors; see packages load and breaker for those.
//
// Token and Period keep their state per key in this process, in a [Memory] that
// floods of keys do not fill; or in another [Store], to share limits between
// processes. Such a store may fail: then a stand-in decides, as [Fallback] says,
// and callers see no error; go run ./examples/ratelimit shows it. HTTP servers
// have weirhttp.RateLimit.
//
// All three give a [weir.Guard]: Concurrency is one, and the For methods of the
// others return that of a key.
//
//	calls := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 100, MaxQueue: 50})
//	err := weir.Do(ctx, calls, fetch)
//
// Outside this package, golang.org/x/time/rate limits one thing per limiter. Token
// adds keys with bounded memory, decisions with all that response headers need,
// several rates as one, shared state, and exact arithmetic. The standard library's
// nearest relative of Concurrency is a buffered channel, outside it
// golang.org/x/sync/semaphore; Concurrency adds a bound on those who wait, a
// bound on how long, refusals one can tell from failures, permits that cannot be
// returned twice, and permits that come back when they were forgotten.
package limit
