package weirhttp

import (
	"net/http"
	"time"
)

// An Observation is what became of one request.
type Observation struct {
	// Request is the request as Observe got it. Its Pattern is set where a
	// ServeMux further in has matched it.
	Request *http.Request
	// Status is the final one: 200 where the handler wrote nothing, 101 where it
	// hijacked the connection without writing one, 500 where it ended without
	// returning and without having written one.
	Status int
	// Bytes are those of the body that the handler wrote, before any encoding of
	// an outer middleware. A hijacked connection is not counted.
	Bytes int64
	// Duration is from when Observe got the request until its handler ended.
	Duration time.Duration
	// Refused tells that a guard did not admit the request; see Admit.
	Refused bool
	// Panicked tells that the handler panicked, also where Recover, inside or
	// outside, makes a 500 of it. http.ErrAbortHandler is not a panic.
	Panicked bool
	// Aborted tells that the handler did not return to Observe: a panic,
	// http.ErrAbortHandler included, or runtime.Goexit.
	Aborted bool
	// Hijacked tells that the handler took over the connection.
	Hijacked bool
}

// Observe returns a middleware that calls fn exactly once for each request, when
// its handler has ended, however it ended. Outermost it sees all that the others
// do. A panic goes on afterwards. It panics if fn is nil.
//
// fn is called on the goroutine of the request, before the last of the response
// may have been sent, so it should be quick; it must not write to the response.
// It costs two readings of the clock.
func Observe(fn func(Observation)) Middleware {
	if fn == nil {
		panic("weirhttp: Observe with a nil func")
	}
	return func(next http.Handler) http.Handler {
		return &observer{next: must(next), fn: fn}
	}
}

type observer struct {
	next http.Handler
	fn   func(Observation)
}

func (o *observer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rw, w := track(w, r)
	end := exited
	defer func() {
		if end == returned {
			o.fn(observe(rw, r, start, end))
			return
		}
		v := recover()
		o.fn(observe(rw, r, start, endingOf(v)))
		if v != nil {
			panic(v)
		}
	}()
	o.next.ServeHTTP(w, r)
	end = returned
}

func observe(rw *response, r *http.Request, start time.Time, end ending) Observation {
	status := rw.sent()
	if end != returned && !rw.started() {
		status = http.StatusInternalServerError
	}
	facts := &rw.root.facts
	return Observation{
		Request:  r,
		Status:   status,
		Bytes:    rw.bytes,
		Duration: time.Since(start),
		Refused:  facts.refused,
		Panicked: facts.panicked || end == panicked,
		Aborted:  end != returned,
		Hijacked: rw.hijacked,
	}
}
