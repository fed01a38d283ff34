package weirgrpc

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/weirgo/weir"
)

// AdmitOptions configures [AdmitServer] and [AdmitClient]. The zero value is ready
// to use.
type AdmitOptions struct {
	// Classify tells the outcome of a call that ended with an error, where the
	// error decides; see AdmitServer and AdmitClient. Nil means [Classify]. A panic
	// of Classify settles the permit as Failure. It is called on the goroutine on
	// which the call ended.
	Classify func(err error) weir.Outcome
	// Refuse makes the error of a call that the guard did not admit, instead of the
	// one that AdmitServer describes. It gets the guard's error, and how long to
	// wait (0: unknown; negative: in vain). Of what it returns the status counts,
	// and errors.Is holds for the guard's error all the same. Nil means the error
	// described. It is not called where the context is done.
	Refuse func(ctx context.Context, call Call, err error, retryAfter time.Duration) error
	// Code is that of a refusal. The default is that of the guard's error, if it
	// is a status; Unavailable for a breaker, and ResourceExhausted for any other
	// guard.
	Code codes.Code
	// RetryAfter is what a refusal tells where neither the guard nor its error
	// knows. The default is nothing; negative means that it never tells.
	RetryAfter time.Duration
}

var errAdmitCode = errors.New("weirgrpc: AdmitOptions.Code is not a code of gRPC")

// Validate returns what is wrong with the options, nil if nothing is.
func (o AdmitOptions) Validate() error {
	if o.Code > codes.Unauthenticated {
		return errAdmitCode
	}
	return nil
}

// AdmitServer returns an interceptor that asks g before each call and tells it how
// the call went. The permit is settled exactly once, when the handler returns,
// panics or exits. It panics on a nil guard and on impossible options.
//
// The outcome is that of the topmost row that holds:
//
//	what happened                                      outcome
//	a panic, also one that RecoverServer caught        Failure
//	runtime.Goexit                                     Failure
//	the error is a refusal of this process             Ignored, as weir.Classify has it
//	the deadline of the call passed                    Failure, whatever was returned
//	the client has left, and the error says Failure    Ignored
//	anything else                                      by the error: Classify
//
// That the client has left is known by the context: it is cancelled. Less than 25 ms
// before the deadline that is the deadline, which passes at the client first.
//
// A call that the guard refuses ends with Unavailable or ResourceExhausted, or what
// the options say, and the text of the refusal; with a google.rpc.ErrorInfo (REFUSED,
// github.com/weirgo/weir), by which [Classify] knows it at the client; and where
// [weir.RetryAfter] knows, with a google.rpc.RetryInfo and with the trailer
// grpc-retry-pushback-ms, which gRPC's own retries obey. Where the guard refused
// because the context is done, the code is Canceled or DeadlineExceeded. Why a guard
// failed, which is not to refuse, is not for clients: they get Unavailable.
//
// It costs what the guard costs, and allocates nothing unless it refuses.
func AdmitServer(g weir.Guard, o AdmitOptions) ServerInterceptor {
	a := newAdmission(g, o, "weirgrpc: AdmitServer with a nil Guard")
	return ServerInterceptor{a.unaryServer, a.streamServer}
}

// AdmitServerBy is [AdmitServer] with a guard for each call, such as one of a
// breaker.Group by method. Where pick returns nil, the call is admitted. It is
// called on the goroutine of the call.
func AdmitServerBy(pick func(ctx context.Context, call Call) weir.Guard, o AdmitOptions) ServerInterceptor {
	a := newAdmissionBy(pick, o, "weirgrpc: AdmitServerBy with a nil func")
	return ServerInterceptor{a.unaryServer, a.streamServer}
}

type admission struct {
	pick func(context.Context, Call) weir.Guard
	opts AdmitOptions
}

func newAdmission(g weir.Guard, o AdmitOptions, complaint string) *admission {
	if g == nil {
		panic(complaint)
	}
	return newAdmissionBy(func(context.Context, Call) weir.Guard { return g }, o, "")
}

func newAdmissionBy(pick func(context.Context, Call) weir.Guard, o AdmitOptions, complaint string) *admission {
	if pick == nil {
		panic(complaint)
	}
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if o.Classify == nil {
		o.Classify = Classify
	}
	return &admission{pick: pick, opts: o}
}

// enter asks the guard. Its refusals are nil, or to be returned to the caller.
func (a *admission) enter(ctx context.Context, call Call) (weir.Permit, *refusal) {
	g := a.pick(ctx, call)
	if g == nil {
		return weir.Permit{}, nil
	}
	permit, err := g.Allow(ctx)
	if err == nil {
		return permit, nil
	}
	r := refusedWith(err, a.opts.Code, a.retryAfter(g, err))
	if a.opts.Refuse != nil && r.code != codes.Canceled && r.code != codes.DeadlineExceeded {
		r.own = a.opts.Refuse(ctx, call, err, r.wait)
	}
	return weir.Permit{}, r
}

func (a *admission) retryAfter(g weir.Guard, err error) time.Duration {
	if a.opts.RetryAfter < 0 {
		return 0
	}
	if wait := weir.RetryAfter(g, err); wait > 0 {
		return wait
	}
	return a.opts.RetryAfter
}

func (a *admission) unaryServer(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
	permit, r := a.enter(ctx, unaryCall(info))
	if r != nil {
		return nil, r.toUnary(ctx)
	}
	returned := false
	defer func() { a.leaveServer(ctx, permit, returned, err) }()
	resp, err = next(ctx, req)
	returned = true
	return resp, err
}

func (a *admission) streamServer(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	ctx := ss.Context()
	permit, r := a.enter(ctx, streamCall(info))
	if r != nil {
		return r.toStream(ss)
	}
	returned := false
	defer func() { a.leaveServer(ctx, permit, returned, err) }()
	err = next(srv, ss)
	returned = true
	return err
}

func (a *admission) leaveServer(ctx context.Context, permit weir.Permit, returned bool, err error) {
	outcome := weir.Failure // what a panic of Classify leaves behind
	defer func() { permit.Done(outcome) }()
	if returned {
		outcome = a.serverOutcome(ctx, err)
	}
}

// serverOutcome is the table of AdmitServer's comment, from the first error on.
func (a *admission) serverOutcome(ctx context.Context, err error) weir.Outcome {
	switch {
	case caught(err):
		return weir.Failure
	case refused(err):
		return weir.Ignored
	case expired(ctx):
		return weir.Failure
	}
	return a.errorOutcome(ctx, err)
}

// errorOutcome has what is true on both sides. Once the context is cancelled, a
// failure says nothing.
func (a *admission) errorOutcome(ctx context.Context, err error) weir.Outcome {
	if err == nil {
		return weir.Success
	}
	outcome := a.opts.Classify(err)
	if outcome == weir.Failure && ctx.Err() == context.Canceled {
		return weir.Ignored
	}
	return outcome
}
