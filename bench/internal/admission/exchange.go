package admission

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

// An exchange is one request, and the writer its answer goes to. It is used again
// and again, so that what is measured is what a handler adds.
type exchange struct {
	request *http.Request
	cancel  context.CancelFunc // of the request's context
	header  http.Header
	status  int
	written int
}

func newExchange() any {
	// A server's requests can be cancelled, so contexts made of theirs have to be
	// entered with the parent and taken off again. Nobody ever cancels this one.
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/", http.NoBody)
	if err != nil {
		cancel()
		panic("admission: " + err.Error())
	}
	return &exchange{request: r, cancel: cancel, header: make(http.Header)}
}

// serveLoop returns a loop that serves requests with h, one after another, and
// holds every answer that is not that of the function answer for odd.
func serveLoop(h http.Handler) suite.Loop {
	idle := sync.Pool{New: newExchange}
	return func(n int) (odd int) {
		e := idle.Get().(*exchange)
		defer idle.Put(e)
		for range n {
			clear(e.header)
			e.status, e.written = 0, 0
			h.ServeHTTP(e, e.request)
			if e.status != http.StatusOK || e.written != len(body) {
				odd++
			}
		}
		return odd
	}
}

func (e *exchange) Header() http.Header { return e.header }

func (e *exchange) WriteHeader(status int) {
	if e.status == 0 {
		e.status = status
	}
}

func (e *exchange) Write(p []byte) (int, error) {
	e.WriteHeader(http.StatusOK)
	e.written += len(p)
	return len(p), nil
}

// Flush and the deadlines are what the writer of a real server has as well.
// Middlewares that use them must not find that they are missing, which is dear.
func (e *exchange) Flush()                           { e.WriteHeader(http.StatusOK) }
func (e *exchange) SetReadDeadline(time.Time) error  { return nil }
func (e *exchange) SetWriteDeadline(time.Time) error { return nil }
