package weirgrpc

import (
	"context"

	"google.golang.org/grpc"

	"github.com/weirgo/weir"
)

// AdmitClient returns an interceptor that asks g before each call and tells it how
// the call went. The permit is settled exactly once, at the end of the call; see the
// package comment for that of a stream. It panics on a nil guard and on impossible
// options.
//
// The outcome is that of the topmost row that holds:
//
//	what happened                                      outcome
//	a panic, runtime.Goexit                            Failure
//	no error                                           Success
//	the error is a refusal of this process             Ignored, nobody was asked
//	the caller has left, and the error says Failure    Ignored
//	the connection was closed by Close                 Ignored
//	anything else                                      by the error: Classify
//
// A call that the guard refuses never starts. Its error is that of the guard, so
// that errors.Is(err, weir.ErrRejected) holds, and its status has the code and the
// details that [AdmitServer] describes. Where the guard refused because the context
// is done, the code is Canceled or DeadlineExceeded.
//
// Each attempt of gRPC's own retries is part of the call: the guard sees how it
// ended. A stream costs four small allocations, and where its context can end, one
// more and what [context.AfterFunc] costs.
func AdmitClient(g weir.Guard, o AdmitOptions) ClientInterceptor {
	a := newAdmission(g, o, "weirgrpc: AdmitClient with a nil Guard")
	return ClientInterceptor{a.unaryClient, a.streamClient}
}

// AdmitClientBy is [AdmitClient] with a guard for each call, such as one of a
// breaker.Group by target or method. Where pick returns nil, the call is admitted.
// It is called on the goroutine of the call.
func AdmitClientBy(pick func(ctx context.Context, call Call) weir.Guard, o AdmitOptions) ClientInterceptor {
	a := newAdmissionBy(pick, o, "weirgrpc: AdmitClientBy with a nil func")
	return ClientInterceptor{a.unaryClient, a.streamClient}
}

func (a *admission) unaryClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) (err error) {
	permit, r := a.enter(ctx, clientCall(cc, method, nil))
	if r != nil {
		return r
	}
	returned := false
	defer func() { a.leaveClient(ctx, permit, returned, err) }()
	err = next(ctx, method, req, reply, cc, opts...)
	returned = true
	return err
}

func (a *admission) streamClient(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	permit, r := a.enter(ctx, clientCall(cc, method, desc))
	if r != nil {
		return nil, r
	}
	return follow(ctx, desc, cc, method, next, opts, func(_ *clientStream, returned bool, err error) {
		a.leaveClient(ctx, permit, returned, err)
	})
}

func (a *admission) leaveClient(ctx context.Context, permit weir.Permit, returned bool, err error) {
	outcome := weir.Failure // what a panic of Classify leaves behind
	defer func() { permit.Done(outcome) }()
	switch {
	case !returned:
	case refused(err):
		outcome = weir.Ignored
	default:
		outcome = a.errorOutcome(ctx, err)
	}
}
