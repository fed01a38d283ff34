package weirhttp

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/weirgo/weir"
)

// AdmitOptions configures [Admit]. The zero value is ready to use.
type AdmitOptions struct {
	// Classify tells the outcome where the status decides; see Admit. It gets the
	// final status, and is called on the goroutine of the request. Nil means
	// [ClassifyStatus]. A panic of Classify settles the permit as Failure. Where a
	// handler answers 429 to single clients that ask too often, and the guard is a
	// breaker, say that 429 is a Success: others must not suffer for them.
	Classify func(status int, r *http.Request) weir.Outcome
	// Refuse writes the response to a request that the guard did not admit,
	// instead of the one that Admit describes. It gets the guard's error, and how
	// long the client should wait (0: unknown). It is not called where the
	// context of the request is done.
	Refuse func(w http.ResponseWriter, r *http.Request, err error, retryAfter time.Duration)
	// Status is that of a refusal: 400 to 599. The default is what the error says
	// by a method StatusCode() int, as the refusals of rate limits do (429), else
	// 503.
	Status int
	// RetryAfter is what a refusal tells the client where neither the guard nor
	// its error knows. The default is nothing; negative means that there never is
	// a Retry-After header.
	RetryAfter time.Duration
}

var errAdmitStatus = errors.New("weirhttp: AdmitOptions.Status must be 400 to 599")

// Validate returns what is wrong with the options, nil if nothing is.
func (o AdmitOptions) Validate() error {
	if o.Status != 0 && (o.Status < 400 || o.Status > 599) {
		return errAdmitStatus
	}
	return nil
}

// Admit returns a middleware that asks g before each request and tells it how
// the request went. The permit is settled exactly once, when the handler returns,
// panics or exits. It panics on a nil guard and on impossible options.
//
// The outcome is that of the topmost row that holds:
//
//	what happened                                    outcome
//	a panic, also one that Recover caught; Goexit    Failure
//	panic(http.ErrAbortHandler), the client has left Ignored
//	panic(http.ErrAbortHandler)                      Failure
//	an inner Admit refused                           Ignored, the work never started
//	the connection was hijacked (WebSocket)          Success
//	the deadline of the request passed               Failure, whatever was written
//	the client has left; nothing or a 5xx written    Ignored
//	anything else                                    by the status: ClassifyStatus
//
// Informational statuses (1xx) do not count, and a handler that writes nothing
// has answered 200. That the client has left is known by the request's context:
// it is cancelled.
//
// A request that the guard refuses gets 503, or what the options or the error
// say; Retry-After in whole seconds, rounded up, where [weir.RetryAfter] knows;
// the text of the refusal in the header [HeaderRefused]; and a short text/plain
// body. Where the guard refused because the context is done, that is 504 if its
// deadline has passed, and else [StatusClientClosedRequest] without a body.
//
// Admitting a request costs what the guard costs, and no allocation where an
// outer middleware has wrapped the response writer already.
func Admit(g weir.Guard, o AdmitOptions) Middleware {
	if g == nil {
		panic("weirhttp: Admit with a nil Guard")
	}
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	return func(next http.Handler) http.Handler {
		return &admission{next: must(next), guard: g, opts: o}
	}
}

type admission struct {
	next  http.Handler
	guard weir.Guard
	opts  AdmitOptions
}

func (a *admission) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rw, w := track(w, r)
	permit, err := a.guard.Allow(r.Context())
	if err != nil {
		a.refuse(rw, w, r, err)
		return
	}
	a.serve(rw, w, r, permit)
}

func (a *admission) serve(rw *response, w http.ResponseWriter, r *http.Request, permit weir.Permit) {
	end := exited
	defer func() {
		outcome := weir.Failure // what a panic of Classify leaves behind
		defer func() { permit.Done(outcome) }()
		if end == returned {
			outcome = a.outcome(rw, r, end)
			return
		}
		v := recover()
		outcome = a.outcome(rw, r, endingOf(v))
		if v != nil {
			// From here the stack of the first panic stays visible to an outer
			// Recover, which it would not after this func has returned.
			panic(v)
		}
	}()
	a.next.ServeHTTP(w, r)
	end = returned
}

// outcome is the table of Admit's comment, row by row.
func (a *admission) outcome(rw *response, r *http.Request, end ending) weir.Outcome {
	err := r.Context().Err()
	left := err != nil && errors.Is(err, context.Canceled)
	facts := &rw.root.facts
	switch {
	case end == panicked, end == exited, facts.panicked:
		return weir.Failure
	case end == aborted && left:
		return weir.Ignored
	case end == aborted:
		return weir.Failure
	case facts.refused:
		return weir.Ignored
	case rw.hijacked:
		return weir.Success
	case facts.expired, err != nil && !left:
		return weir.Failure
	case left && (rw.status == 0 || rw.status >= 500):
		return weir.Ignored
	case a.opts.Classify != nil:
		return a.opts.Classify(rw.sent(), r)
	default:
		return ClassifyStatus(rw.sent())
	}
}
