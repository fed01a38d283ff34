package weirgrpc

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// DefaultTimeout is what a zero TimeoutOptions allows unary calls.
const DefaultTimeout = 30 * time.Second

// TimeoutOptions configures [TimeoutServer] and [TimeoutClient].
type TimeoutOptions struct {
	// Unary is how long a unary call may take. Zero means [DefaultTimeout];
	// negative means no limit.
	Unary time.Duration
	// Stream is how long a stream may last. Zero means no limit, for streams may be
	// meant to last, and so does negative.
	Stream time.Duration
	// For says how long this call may take, instead of Unary or Stream. Zero means
	// what they say; negative means no limit. It is called on the goroutine of the
	// call.
	For func(ctx context.Context, call Call) time.Duration
}

// limit returns how long the call may take, 0 or less if there is no limit.
func (o *TimeoutOptions) limit(ctx context.Context, call Call) time.Duration {
	if o.For != nil {
		if d := o.For(ctx, call); d != 0 {
			return d
		}
	}
	if call.Unary() {
		return o.Unary
	}
	return o.Stream
}

func (o TimeoutOptions) withDefaults() *TimeoutOptions {
	if o.Unary == 0 {
		o.Unary = DefaultTimeout
	}
	return &o
}

// TimeoutServer returns an interceptor that limits how long a call may take. The
// limit is the deadline of the handler's context, so it stops handlers that watch
// it, or pass it to what they wait for. No goroutine is started: a handler that does
// not watch its context runs on, and its client waits.
//
// The client's own deadline stays in force if it is earlier. Beyond the limit all is
// as if the client had set it: whatever the handler returns then, the call ends with
// DeadlineExceeded. Refusals and panics remain what they are.
//
// It costs what context.WithTimeout costs, and for a stream one small allocation.
func TimeoutServer(o TimeoutOptions) ServerInterceptor {
	t := &serverTimeout{o.withDefaults()}
	return ServerInterceptor{t.unary, t.stream}
}

type serverTimeout struct{ opts *TimeoutOptions }

func (t *serverTimeout) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	d := t.opts.limit(ctx, unaryCall(info))
	if d <= 0 {
		return next(ctx, req)
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	resp, err := next(ctx, req)
	if late := tooLate(ctx, err); late != nil {
		return nil, late
	}
	return resp, err
}

func (t *serverTimeout) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	d := t.opts.limit(ss.Context(), streamCall(info))
	if d <= 0 {
		return next(srv, ss)
	}
	ctx, cancel := context.WithTimeout(ss.Context(), d)
	defer cancel()
	err := next(srv, &contextStream{ss, ctx})
	if late := tooLate(ctx, err); late != nil {
		return late
	}
	return err
}

var errLate = status.FromContextError(context.DeadlineExceeded).Err()

// tooLate returns how a call ends that was still under way at its deadline, nil if
// it was not, or what it ended with says more.
func tooLate(ctx context.Context, err error) error {
	if ctx.Err() != context.DeadlineExceeded || caught(err) || refused(err) || codeOf(err) == codes.DeadlineExceeded {
		return nil
	}
	return errLate
}

// contextStream is a stream whose handler sees another context.
type contextStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *contextStream) Context() context.Context { return s.ctx }

// TimeoutClient returns an interceptor that gives a deadline to calls whose context
// has none. A call can have another limit by [CallTimeout]; that one also holds
// where the context has a deadline, unless that is earlier.
//
// It costs what context.WithTimeout costs. A stream costs five small allocations more
// and what [context.AfterFunc] costs; its timer ends with the stream.
func TimeoutClient(o TimeoutOptions) ClientInterceptor {
	t := &clientTimeout{o.withDefaults()}
	return ClientInterceptor{t.unary, t.stream}
}

// CallTimeout limits this one call in place of what [TimeoutClient] was told. Zero
// means that the call is like any other; negative means no limit. Of several, the
// last counts. Without TimeoutClient, or something else that knows it, the option
// does nothing.
func CallTimeout(d time.Duration) grpc.CallOption { return callTimeout{d: d} }

type callTimeout struct {
	grpc.EmptyCallOption
	d time.Duration
}

type clientTimeout struct{ opts *TimeoutOptions }

func (t *clientTimeout) limit(ctx context.Context, call Call, opts []grpc.CallOption) time.Duration {
	for i := len(opts) - 1; i >= 0; i-- {
		if own, ok := opts[i].(callTimeout); ok {
			if own.d == 0 {
				break
			}
			return own.d
		}
	}
	if _, ok := ctx.Deadline(); ok {
		return 0
	}
	return t.opts.limit(ctx, call)
}

func (t *clientTimeout) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if d := t.limit(ctx, clientCall(cc, method, nil), opts); d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	return next(ctx, method, req, reply, cc, opts...)
}

func (t *clientTimeout) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	d := t.limit(ctx, clientCall(cc, method, desc), opts)
	if d <= 0 {
		return next(ctx, desc, cc, method, opts...)
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	return follow(ctx, desc, cc, method, next, opts, func(*clientStream, bool, error) { cancel() })
}
