package weirhttp

import "net/http"

// A Middleware wraps a handler. The ones of this package panic when they wrap a
// nil handler, and are safe for concurrent use.
type Middleware = func(http.Handler) http.Handler

// Chain makes one middleware of several. The first is the outermost: it sees the
// request first and the response last. Chain() changes nothing. It panics on a
// nil middleware.
func Chain(mws ...Middleware) Middleware {
	for _, mw := range mws {
		if mw == nil {
			panic("weirhttp: Chain with a nil Middleware")
		}
	}
	mws = append([]Middleware(nil), mws...)
	return func(h http.Handler) http.Handler {
		h = must(h)
		for i := len(mws) - 1; i >= 0; i-- {
			h = must(mws[i](h))
		}
		return h
	}
}

// must returns h, which must not be nil.
func must(h http.Handler) http.Handler {
	if h == nil {
		panic("weirhttp: nil http.Handler")
	}
	return h
}
