package weirgrpc

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

const (
	// refusalDomain and refusalReason are in the google.rpc.ErrorInfo of refusals.
	refusalDomain = "github.com/weirgo/weir"
	refusalReason = "REFUSED"

	// trailerPushback is what gRPC's own retries obey (gRFC A6).
	trailerPushback = "grpc-retry-pushback-ms"
)

const maxReason = 128

// A refusal is the error of a call that was not admitted. It is the guard's error,
// and has a status for gRPC, which is only made when somebody asks for it.
type refusal struct {
	err  error // of the guard
	code codes.Code
	wait time.Duration // 0: unknown, negative: no waiting helps
	own  error         // what AdmitOptions.Refuse made of it
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// GRPCStatus is what package status looks for.
func (r *refusal) GRPCStatus() *status.Status {
	if r.own != nil {
		return statusOf(r.own)
	}
	if !errors.Is(r.err, weir.ErrRejected) {
		return status.New(r.code, r.text())
	}
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: refusalReason, Domain: refusalDomain}}
	if r.wait > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(r.wait)})
	}
	st := status.New(r.code, r.text())
	if detailed, err := st.WithDetails(details...); err == nil {
		return detailed
	}
	return st
}

// text is what the client may know: why a guard refused, but not why one failed.
func (r *refusal) text() string {
	switch {
	case errors.Is(r.err, weir.ErrRejected):
		return reason(r.err.Error())
	case r.code == codes.DeadlineExceeded:
		return context.DeadlineExceeded.Error()
	case r.code == codes.Canceled:
		return context.Canceled.Error()
	}
	return "not admitted"
}

// pushback returns the trailer of a refusal, nil if there is nothing to say.
func (r *refusal) pushback() metadata.MD {
	if r.wait == 0 || r.own != nil {
		return nil
	}
	text := "-1" // do not retry
	if r.wait > 0 {
		ms := (int64(r.wait-1) / int64(time.Millisecond)) + 1 // rounded up
		text = strconv.FormatInt(min(ms, math.MaxInt32), 10)
	}
	return metadata.MD{trailerPushback: {text}}
}

// toUnary and toStream return the refusal as the error of a server's call, after they
// have set its trailer.
func (r *refusal) toUnary(ctx context.Context) error {
	if md := r.pushback(); md != nil {
		_ = grpc.SetTrailer(ctx, md) // fails outside of a server only
	}
	return r
}

func (r *refusal) toStream(ss grpc.ServerStream) error {
	if md := r.pushback(); md != nil {
		ss.SetTrailer(md)
	}
	return r
}

// refusedWith makes a refusal of what a guard returned, with code if it is one.
func refusedWith(err error, code codes.Code, wait time.Duration) *refusal {
	r := &refusal{err: err, wait: wait}
	rejected := errors.Is(err, weir.ErrRejected)
	switch {
	case !rejected && errors.Is(err, context.Canceled):
		r.code, r.wait = codes.Canceled, 0
	case !rejected && errors.Is(err, context.DeadlineExceeded):
		r.code, r.wait = codes.DeadlineExceeded, 0
	case code != codes.OK:
		r.code = code
	default:
		r.code = codeOfRefusal(err, rejected)
	}
	return r
}

// codeOfRefusal believes an error that has a code of its own. Otherwise a breaker
// says that what is behind it does not work, and all other guards that there is too
// much to do.
func codeOfRefusal(err error, rejected bool) codes.Code {
	if st, ok := status.FromError(err); ok && st.Code() != codes.OK {
		return st.Code()
	}
	if !rejected || errors.Is(err, breaker.ErrOpen) || errors.Is(err, breaker.ErrThrottled) {
		return codes.Unavailable
	}
	return codes.ResourceExhausted
}

// refused tells whether err is of a call that a guard of this process did not
// admit.
func refused(err error) bool {
	if err == nil {
		return false
	}
	_, ok := errors.AsType[*refusal](err)
	return ok || errors.Is(err, weir.ErrRejected)
}

// reason makes the text of an error fit for a status.
func reason(text string) string {
	b := []byte(text[:min(len(text), maxReason)])
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}
