package weirgrpc

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
)

// ClassifyCode tells what a code says about the server that the call was made to:
//
//	code                               outcome      why
//	Canceled                           Ignored      the caller left; that says nothing
//	ResourceExhausted                  Overloaded   it said so
//	DeadlineExceeded                   Failure      a hung server must be noticed
//	Unavailable, Internal, DataLoss    Failure
//	Unknown, and codes that are none   Failure      what a handler's plain errors become
//	Unimplemented                      Success      see below
//	any other                          Success      the caller's own fault
//
// Unimplemented is an answer, at once, of a server that works. Who asks for a method
// that it does not have (yet) should not have all its other methods refused; and a
// client could open the breaker of a server by asking for such methods.
//
// [Classify] sees more than the code.
func ClassifyCode(c codes.Code) weir.Outcome {
	switch c {
	case codes.Canceled:
		return weir.Ignored
	case codes.ResourceExhausted:
		return weir.Overloaded
	case codes.OK, codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied,
		codes.FailedPrecondition, codes.Aborted, codes.OutOfRange, codes.Unimplemented, codes.Unauthenticated:
		return weir.Success
	default:
		return weir.Failure
	}
}

// Classify tells what the error of a call says about the server:
//
//	error                                            outcome
//	nil                                              Success
//	a refusal of this process (weir.ErrRejected)     Ignored, nobody was asked
//	Unavailable with the details of a refusal        Overloaded
//	ResourceExhausted, since a message is too large  Success, the caller's own fault
//	any other                                        by its code: ClassifyCode
//
// The code of an error that is no status is the one that gRPC sends for it: Canceled
// or DeadlineExceeded for errors of a context, also wrapped, and else Unknown. The
// details of a refusal are google.rpc.RetryInfo, or what [AdmitServer] sends: who
// can ask others to come back later is not gone. That a message is too large is told
// by the texts that grpc-go has for it.
func Classify(err error) weir.Outcome {
	if err == nil {
		return weir.Success
	}
	if errors.Is(err, weir.ErrRejected) {
		return weir.Ignored
	}
	st := statusOf(err)
	switch {
	case st.Code() == codes.Unavailable && saysComeBack(st):
		return weir.Overloaded
	case st.Code() == codes.ResourceExhausted && saysTooLarge(st.Message()):
		return weir.Success
	}
	return ClassifyCode(st.Code())
}

// statusOf returns the status that gRPC sends for a handler's error.
func statusOf(err error) *status.Status {
	if st, ok := status.FromError(err); ok {
		return st
	}
	return status.FromContextError(err)
}

func codeOf(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	return statusOf(err).Code()
}

func saysComeBack(st *status.Status) bool {
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.RetryInfo:
			return true
		case *errdetails.ErrorInfo:
			if d.Domain == refusalDomain {
				return true
			}
		}
	}
	return false
}

// grpc-go says so in several words, all of which have this in common.
func saysTooLarge(message string) bool {
	return strings.Contains(message, "larger than max") &&
		(strings.HasPrefix(message, "grpc: ") || strings.HasPrefix(message, "trying to send message "))
}

// hurry is how long before the deadline of a call its client may seem to leave,
// when it is the deadline that passes there.
const hurry = 25 * time.Millisecond

// expired tells whether the deadline of a server's call has passed. Where it was
// the client's, its timer, that of the transport and that of the context compete,
// and if one of the former wins then the context is cancelled.
func expired(ctx context.Context) bool {
	switch ctx.Err() {
	case nil:
		return false
	case context.DeadlineExceeded:
		return true
	}
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < hurry
}
