package weirhttp

import (
	"context"
	"net/http"
	"time"
)

// How much longer than the handler the connection may take. A read that ends
// after its grace finds the context expired, not cancelled by the failure of the
// connection, and leaves the 504 time to be written.
const (
	readGrace  = 500 * time.Millisecond
	writeGrace = time.Second
)

// limitIO makes reads and writes on the connection end soon after the deadline of
// ctx. Where an outer Timeout has done so already, only an earlier one is news.
func (w *response) limitIO(ctx context.Context, r *http.Request) {
	srv, ok := ctx.Value(http.ServerContextKey).(*http.Server)
	if !ok || w.hijacked {
		return
	}
	deadline, _ := ctx.Deadline()
	if limit := deadline.Add(writeGrace); srv.WriteTimeout <= 0 && earlier(limit, w.root.writeLimit) {
		w.limitWrites(limit)
	}
	// Without a body the server reads ahead already, to see the client leave. A
	// deadline on that read would look as if it had.
	if srv.ReadTimeout > 0 || r.Body == nil || r.Body == http.NoBody {
		return
	}
	if limit := deadline.Add(readGrace); earlier(limit, w.root.readLimit) {
		w.root.readLimit = limit
		// Not supported means that there is nothing to limit.
		_ = http.NewResponseController(w.ResponseWriter).SetReadDeadline(limit)
	}
}

// earlier tells whether limit comes before other, where zero is never.
func earlier(limit, other time.Time) bool { return other.IsZero() || limit.Before(other) }

// limitWrites sets when writes are to end. It tells the connection no sooner than
// there is something to write: on HTTP/2 a write deadline that passes resets the
// stream, and nobody could answer 504 any more.
func (w *response) limitWrites(limit time.Time) {
	w.root.writeLimit = limit
	if w.status != 0 && !w.hijacked {
		w.armWrites()
	}
}

// armWrites gives the connection its write deadline, but not less than a moment
// for a response that begins late.
func (w *response) armWrites() {
	limit := w.root.writeLimit
	if late := time.Now().Add(writeGrace); limit.Before(late) {
		limit = late
	}
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(limit)
}

// giveUpDead has the server close an HTTP/1 connection whose client it takes for
// gone before the request has even begun. The client is there, or it could not
// have sent the request: a read deadline of an earlier request on the connection
// has passed when it was too late for commit to say that it ends.
func (w *response) giveUpDead(r *http.Request) {
	if !w.http2 && !w.started() && r.Context().Err() == context.Canceled {
		w.Header().Set("Connection", "close")
	}
}

// commit is called when the header is about to be sent.
func (w *response) commit() {
	if !w.root.writeLimit.IsZero() {
		w.armWrites()
	}
	// After its read deadline the server takes the client on an HTTP/1 connection
	// for gone, also if it was only reading ahead because somebody outside of
	// Timeout had read the body: all later requests would begin cancelled.
	if limit := w.root.readLimit; !limit.IsZero() && !w.http2 && !time.Now().Before(limit) {
		w.Header().Set("Connection", "close")
	}
}
