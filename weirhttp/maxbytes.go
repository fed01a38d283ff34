package weirhttp

import (
	"io"
	"net/http"
	"sync/atomic"
)

// DefaultMaxBytes is what MaxBytes(0) allows: 1 MiB.
const DefaultMaxBytes = 1 << 20

// MaxBytes returns a middleware that bounds the body of a request to n bytes.
// Zero means [DefaultMaxBytes]; negative means no limit: the handler is then not
// wrapped.
//
// A request that declares a longer body gets 413 at once, and the handler is not
// called. A body of undeclared length (chunked, HTTP/2) is bounded while it is
// read: exactly n bytes pass, and the read that would go beyond fails with
// [*http.MaxBytesError], as with [http.MaxBytesReader]. A handler that then
// returns without having written a header has answered 413, so it need not know;
// one that wrote its own answer keeps it. After such a read the server closes the
// connection.
//
// What counts is what the handler reads: inside a middleware that decompresses,
// MaxBytes bounds what comes out, outside what comes in. A request without body
// costs nothing, one with a body two allocations.
func MaxBytes(n int64) Middleware {
	if n == 0 {
		n = DefaultMaxBytes
	}
	return func(next http.Handler) http.Handler {
		if must(next); n < 0 {
			return next
		}
		return &maxBytes{next: next, n: n}
	}
}

type maxBytes struct {
	next http.Handler
	n    int64
}

func (m *maxBytes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		m.next.ServeHTTP(w, r)
		return
	}
	rw, w := track(w, r)
	if r.ContentLength > m.n {
		if !rw.started() {
			rw.answer(http.StatusRequestEntityTooLarge)
		}
		return
	}
	b := &boundedRequest{Request: *r, body: countedBody{ReadCloser: r.Body, left: m.n}}
	// The reader of net/http is outermost, for ParseForm knows it by its type. It
	// tells the server's own writer, found beneath all wrappers, to give up the
	// connection.
	b.Body = http.MaxBytesReader(innermost(rw), &b.body, m.n)
	defer adopt(r, &b.Request)
	m.next.ServeHTTP(w, &b.Request)
	if b.body.exceeded.Load() && !rw.started() {
		rw.answer(http.StatusRequestEntityTooLarge)
	}
}

// boundedRequest is the copy of a request, and the body beneath its body, in one
// allocation.
type boundedRequest struct {
	http.Request
	body countedBody
}

// countedBody notices that more was read than is left. A reverse proxy may read
// it on another goroutine, which may outlive the handler.
type countedBody struct {
	io.ReadCloser
	left     int64
	exceeded atomic.Bool
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.exceeded.Store(true)
	}
	return n, err
}

func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = u.Unwrap()
	}
}
