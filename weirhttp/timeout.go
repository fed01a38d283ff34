package weirhttp

import (
	"context"
	"net/http"
	"time"
)

// DefaultTimeout is what Timeout(0) allows.
const DefaultTimeout = 30 * time.Second

// Timeout returns a middleware that gives each request d to be served. Zero
// means [DefaultTimeout]; negative means no limit: the handler is then not
// wrapped.
//
// The limit is the deadline of the request's context, so it stops handlers that
// watch it, or pass it to what they wait for. Nothing is buffered and no
// goroutine is started: a handler that does not watch its context runs on, and
// its client waits. Where a handler returns after the deadline without having
// written a header, the client gets 504 and a short text/plain body; what it has
// written stays as it is, and nothing is added. An earlier deadline of the
// context, from an outer Timeout or from [Propagate], stays in force.
//
// Beneath an [http.Server], HTTP/1 or HTTP/2, reads of the body fail from half a
// second after the deadline on, and writes of the response from one second on,
// so that a client that stops sending or receiving cannot hold a handler for
// ever; a response that begins only then still has one second. That uses the
// deadlines of the connection: a ReadTimeout or WriteTimeout of the server wins
// and is left alone, the server itself clears them before the next request on
// the connection, and a hijacked connection has none. A handler may set others
// through [http.ResponseController] once it has begun to write, for it knows what
// it does; a client cannot have the limit lifted by anything it sends. Streams
// that may last, such as server-sent events, belong on routes without Timeout.
// Whatever reads the body belongs inside.
//
// It costs what context.WithTimeout costs and one more allocation, for the copy
// of the request, plus setting two deadlines on the connection.
func Timeout(d time.Duration) Middleware {
	if d == 0 {
		d = DefaultTimeout
	}
	return func(next http.Handler) http.Handler {
		if must(next); d < 0 {
			return next
		}
		return &timeout{next: next, d: d}
	}
}

type timeout struct {
	next http.Handler
	d    time.Duration
}

func (t *timeout) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rw, w := track(w, r)
	rw.giveUpDead(r)
	ctx, cancel := context.WithTimeout(r.Context(), t.d)
	defer cancel()
	outer := rw.root.writeLimit
	rw.limitIO(ctx, r)
	inner := r.WithContext(ctx)
	defer adopt(r, inner)
	t.next.ServeHTTP(w, inner)
	rw.expire(ctx)
	if !outer.IsZero() {
		rw.limitWrites(outer) // an outer Timeout has its time back
	}
}

// expire answers for a handler that returned after its deadline without having
// answered by itself.
func (w *response) expire(ctx context.Context) {
	if ctx.Err() != context.DeadlineExceeded {
		return
	}
	w.root.expired = true
	if !w.started() {
		w.answer(http.StatusGatewayTimeout)
	}
}

// adopt takes over into r what the handler has noted on its copy: the route that a
// ServeMux matched, for outer middlewares, and an uploaded form, whose temporary
// files the server removes only if it finds them on the request that it made.
func adopt(r, inner *http.Request) {
	if r.Pattern == "" && inner.Pattern != "" {
		r.Pattern = inner.Pattern
	}
	if r.MultipartForm == nil {
		r.MultipartForm = inner.MultipartForm
	}
}
