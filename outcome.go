package weir

import (
	"context"
	"errors"
	"strconv"
)

// An Outcome says what an admitted piece of work tells the guard about the
// thing it guards.
type Outcome uint8

const (
	// Success: it worked, or failed through the caller's own fault.
	Success Outcome = iota
	// Failure: the guarded thing is broken, or did not answer in time.
	Failure
	// Ignored: nothing was learnt; as if the work had never been admitted.
	Ignored
	// Overloaded: the guarded thing said that it has too much to do. A shedder
	// counts it as a sign of overload, a breaker as a failure.
	Overloaded
)

// String returns the lower-case name of the outcome.
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case Failure:
		return "failure"
	case Ignored:
		return "ignored"
	case Overloaded:
		return "overloaded"
	}
	return "outcome(" + strconv.Itoa(int(o)) + ")"
}

// Classify tells the outcome of work that ended with err:
//
//	err                                   outcome   why
//	nil                                   Success
//	context.Canceled, also wrapped        Ignored   the caller left; that says nothing
//	a refusal (ErrRejected), also wrapped Ignored   the guarded thing was never asked
//	context.DeadlineExceeded              Failure   a hung dependency must be noticed
//	anything else                         Failure
//
// An error that is several of these has the outcome of the topmost row it
// satisfies. Classify never answers [Overloaded]: which errors mean it is known
// to adapters only.
func Classify(err error) Outcome {
	switch {
	case err == nil:
		return Success
	case errors.Is(err, context.Canceled), errors.Is(err, ErrRejected):
		return Ignored
	default:
		return Failure
	}
}
