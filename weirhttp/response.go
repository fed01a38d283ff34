package weirhttp

import (
	"io"
	"net/http"
	"time"
)

// response is the one wrapper that all middlewares of a chain share. It passes
// everything on at once and remembers what was passed. Like the writer beneath
// it serves one request, on the goroutines of its handler, one at a time.
//
// It is not pooled: a handler that keeps its writer too long would write into
// the response to somebody else.
type response struct {
	http.ResponseWriter

	status   int   // the final status, 0 until one is on its way
	bytes    int64 // of the body, as written by the handler
	hijacked bool

	http2        bool // 101 is an informational status, not a final one
	keepEncoding bool // an outer middleware had set Content-Encoding

	// root is where the facts are kept that concern the whole request: the
	// outermost response, which is this one unless a foreign wrapper stands
	// between two middlewares of this package.
	root *response
	facts
}

// facts are what an inner middleware knows and an outer one must not guess.
type facts struct {
	refused  bool // a guard did not admit the request
	panicked bool // Recover caught a panic
	expired  bool // the deadline that Timeout or Propagate set has passed

	// When Timeout has reads and writes end on the connection; zero where it
	// leaves them alone.
	readLimit, writeLimit time.Time
}

// Unwrap lets [http.ResponseController] reach the writer beneath.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// started tells whether it is too late to send another status.
func (w *response) started() bool { return w.status != 0 || w.hijacked }

// final tells whether code ends the header; the other ones, such as 103 Early
// Hints, may be followed by more.
func (w *response) final(code int) bool {
	return code < 100 || code > 199 || code == http.StatusSwitchingProtocols && !w.http2
}

// sent returns the status that the client saw or will see if the handler writes
// no more. A connection that was hijacked without one counts as switched.
func (w *response) sent() int {
	switch {
	case w.status != 0:
		return w.status
	case w.hijacked:
		return http.StatusSwitchingProtocols
	}
	return http.StatusOK
}

// begin notes that what comes next sends the header, with 200 unless the handler
// has said otherwise.
func (w *response) begin() {
	if !w.started() {
		w.commit()
		w.status = http.StatusOK
	}
}

// WriteHeader looks at the code before it touches the fields: informational
// ones may come from another goroutine than the handler's (reverse proxies).
// The writer beneath goes first, for it panics on an invalid code.
func (w *response) WriteHeader(code int) {
	final := w.final(code) && !w.started()
	if final {
		w.commit()
	}
	w.ResponseWriter.WriteHeader(code)
	if final {
		w.status = code
	}
}

func (w *response) Write(p []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

func (w *response) WriteString(s string) (int, error) {
	w.begin()
	n, err := io.WriteString(w.ResponseWriter, s)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the server's sendfile reachable for io.Copy.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	rf, ok := w.ResponseWriter.(io.ReaderFrom)
	if !ok {
		return io.Copy(writerOnly{w}, src)
	}
	// A source that is empty or fails at once leaves the header unwritten, and a
	// handler may still answer 500. When the source panics nobody knows how much
	// has gone out, so the header counts as written.
	returned := false
	defer func() {
		if !returned {
			w.begin()
		}
	}()
	n, err := rf.ReadFrom(src)
	returned = true
	if n > 0 {
		w.begin()
		w.bytes += n
	}
	return n, err
}

// writerOnly hides ReadFrom from io.Copy.
type writerOnly struct{ io.Writer }
