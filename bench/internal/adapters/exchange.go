package adapters

import (
	"context"
	"net/http"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

const apiKey = "X-Api-Key"

// An exchange is one request, and the writer its answer goes to. It is used again
// and again, so that what is measured is what a middleware adds.
type exchange struct {
	request *http.Request
	cancel  context.CancelFunc // of the request's context
	header  http.Header
	status  int
	written int
}

// newExchange returns one whose context can be cancelled, as that of a request of a
// real server can. Nobody ever does.
func newExchange() *exchange {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost:80/", http.NoBody)
	if err != nil {
		cancel()
		panic("adapters: " + err.Error())
	}
	r.Header.Set(apiKey, "ann")
	return &exchange{request: r, cancel: cancel, header: make(http.Header)}
}

// serve returns a loop in which h serves requests, one after another. Every answer
// that has not this status is odd.
func serve(h http.Handler, status int) suite.Loop {
	idle := newShelf(newExchange)
	return func(n int) (odd int) {
		e := idle.take()
		defer idle.putBack(e)
		for range n {
			clear(e.header)
			e.status, e.written = 0, 0
			h.ServeHTTP(e, e.request)
			if e.status != status || e.written == 0 {
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

var body = []byte("ok")

func answer(w http.ResponseWriter, _ *http.Request) { w.Write(body) }

// behind returns what makes a loop of answers behind a middleware.
func behind(mw func() func(http.Handler) http.Handler) func() suite.Loop {
	return func() suite.Loop { return serve(mw()(http.HandlerFunc(answer)), http.StatusOK) }
}

func bareHandler() suite.Loop { return serve(http.HandlerFunc(answer), http.StatusOK) }

// withTimeout is the least that a deadline costs: not even the request is told of
// the context.
func withTimeout() suite.Loop {
	return serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		answer(w, r)
	}), http.StatusOK)
}
