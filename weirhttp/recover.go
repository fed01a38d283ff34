package weirhttp

import (
	"log/slog"
	"net/http"

	"github.com/weirgo/weir"
)

// RecoverOptions configures [Recover].
type RecoverOptions struct {
	// OnPanic is called once for each panic, after the 500 was written, on the
	// goroutine of the request. Nil means that each panic is logged once,
	// through slog.Default at level error, with method, path (the query may hold
	// secrets), value and stack. A panic of OnPanic itself goes on to net/http.
	OnPanic func(r *http.Request, p *weir.Panic)
}

// Recover returns a middleware that keeps a panic of the handler from taking down
// the connection, and reports it:
//
//	before the panic              what the client sees
//	no header was written         500 and a short text/plain body
//	the header was written        the connection (HTTP/2: the stream) is aborted, as by
//	                              net/http, so that no client takes the half for the
//	                              whole; outer middlewares see http.ErrAbortHandler
//	the connection was hijacked   nothing: it belongs to the handler
//
// A handler that panics with [http.ErrAbortHandler] means to abort; that passes
// through untouched and unreported, and so does runtime.Goexit. Admit and Observe
// know a recovered panic for one whether they stand outside or inside; to count
// panics, use OnPanic or [Observation]'s Panicked.
//
// Where nothing panics it costs a deferred call and, where it is the outermost
// middleware, the one allocation of the shared response writer. Panics of
// goroutines that the handler starts cannot be recovered here.
func Recover(o RecoverOptions) Middleware {
	if o.OnPanic == nil {
		o.OnPanic = logPanic
	}
	return func(next http.Handler) http.Handler {
		return &recovery{next: must(next), onPanic: o.OnPanic}
	}
}

type recovery struct {
	next    http.Handler
	onPanic func(*http.Request, *weir.Panic)
}

func (h *recovery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rw, w := track(w, r)
	done := false
	defer func() {
		if done {
			return
		}
		v := recover()
		switch endingOf(v) {
		case aborted:
			panic(v)
		case panicked:
			// The stack below this call is still that of the panic.
			h.caught(rw, r, weir.CaughtPanic(v))
		}
	}()
	h.next.ServeHTTP(w, r)
	done = true
}

func (h *recovery) caught(rw *response, r *http.Request, p *weir.Panic) {
	rw.root.panicked = true
	abort := rw.status != 0 && !rw.hijacked
	if !rw.started() {
		rw.answer(http.StatusInternalServerError)
	}
	h.onPanic(r, p)
	if abort {
		panic(http.ErrAbortHandler)
	}
}

func logPanic(r *http.Request, p *weir.Panic) {
	slog.Default().LogAttrs(r.Context(), slog.LevelError, "weirhttp: panic in a handler",
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Any("panic", p.Value),
		slog.String("stack", string(p.Stack)))
}
