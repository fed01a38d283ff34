// Package weirhttp puts Weir around net/http handlers: an onion of ordinary
// middlewares, func(http.Handler) http.Handler, that fit any router.
//
//	protect := weirhttp.Chain(
//		weirhttp.Observe(record),                            // one call per request, whatever happens
//		weirhttp.Recover(weirhttp.RecoverOptions{}),         // a panic becomes a 500
//		weirhttp.Propagate(weirhttp.PropagateOptions{}),     // criticality and deadline from headers
//		weirhttp.Timeout(2*time.Second),                     // a deadline, 504
//		weirhttp.RateLimit(users.Allow, key, weirhttp.RateLimitOptions{}), // so many per client: 429
//		weirhttp.Admit(guard, weirhttp.AdmitOptions{}),      // breaker, limit, shedder: 503
//		weirhttp.MaxBytes(1<<20),                            // 413
//	)
//	http.ListenAndServe(addr, protect(mux))
//
// [Protect] is the onion that most services want, with an adaptive load shedder.
//
// [Transport] is for the other side, the clients: an [http.RoundTripper] with a
// breaker per host, limits, retries within a budget, and hedges.
//
//	client := &http.Client{Transport: weirhttp.NewTransport(nil, weirhttp.TransportOptions{})}
//
// # What it does not do
//
// Nothing is buffered and no goroutine is started, but for a hedge, so streams,
// server-sent events, WebSocket upgrades, trailers, early hints, HTTP/2 and
// [http.ResponseController] work through the whole chain, and what a handler
// wrote before it failed is on its way to the client. No middleware can be
// bypassed by a header that a client sends: to exempt a route, do not wrap it.
//
// Use [http.TimeoutHandler] instead of [Timeout] where handlers cannot be made to
// watch their context and the buffering of responses is acceptable, and
// [http.MaxBytesHandler] instead of [MaxBytes] where the handler itself answers
// 413.
//
// # The response writer
//
// All middlewares of a chain share one small wrapper around the
// [http.ResponseWriter], one allocation per request. A type assertion on it tells
// the truth: it is an [http.Flusher], [http.Hijacker] or [http.Pusher] if, and
// only if, the writer beneath is one, directly or by Unwrap. So a WebSocket
// upgrade over HTTP/2 fails at the assertion, as it does without Weir. It always
// is an [io.StringWriter] and an [io.ReaderFrom], and hands large copies to the
// server's own ReadFrom where there is one (sendfile).
//
// A middleware of somebody else's that stands between two of Weir's and wraps
// the writer, too, should have an Unwrap method, as [http.ResponseController]
// demands. Without it an outer [Admit] cannot tell a refusal by an inner one from
// a failure.
package weirhttp
