package weirgrpc

import (
	"context"
	"errors"
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
)

// ErrGoexit is the Value of the [weir.Panic] that [RecoverServer] makes of a
// runtime.Goexit.
var ErrGoexit = errors.New("weirgrpc: the handler ended its goroutine")

// RecoverOptions configures [RecoverServer].
type RecoverOptions struct {
	// OnPanic is called once for each panic, and for each runtime.Goexit, on the
	// goroutine of the call. Nil means that each is logged once, through
	// slog.Default at level error, with method, value and stack. A panic of OnPanic
	// itself goes on.
	OnPanic func(ctx context.Context, call Call, p *weir.Panic)
}

// RecoverServer returns an interceptor that keeps a panic of the handler from taking
// down the process, and reports it. The client gets Internal, and not the text of
// the panic. Messages that a stream has sent before are not taken back.
//
// A runtime.Goexit of the handler, as t.FailNow does it, cannot be undone: the
// goroutine ends, and without RecoverServer the client would wait for ever. It gets
// Internal, too.
//
// Outer interceptors see an error of which errors.As makes a *[weir.Panic]. It costs
// a deferred call. Panics of goroutines that the handler starts cannot be recovered
// here.
func RecoverServer(o RecoverOptions) ServerInterceptor {
	if o.OnPanic == nil {
		o.OnPanic = logPanic
	}
	r := &recovery{o.OnPanic}
	return ServerInterceptor{r.unary, r.stream}
}

type recovery struct {
	onPanic func(context.Context, Call, *weir.Panic)
}

func (r *recovery) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
	returned := false
	defer func() {
		if !returned {
			// The stack below this call is still that of the panic.
			resp, err = nil, r.caught(ctx, unaryCall(info), recover())
		}
	}()
	resp, err = next(ctx, req)
	returned = true
	return resp, err
}

func (r *recovery) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = r.caught(ss.Context(), streamCall(info), recover())
		}
	}()
	err = next(srv, ss)
	returned = true
	return err
}

func (r *recovery) caught(ctx context.Context, call Call, v any) error {
	if v == nil { // Goexit
		v = ErrGoexit
		defer end(ctx)
	}
	p := weir.CaughtPanic(v)
	r.onPanic(ctx, call, p)
	return &panicError{p}
}

// end sends the status of a call whose goroutine will not return. gRPC's own stream
// can do it, though it does not say so.
func end(ctx context.Context) {
	s, ok := grpc.ServerTransportStreamFromContext(ctx).(interface{ WriteStatus(*status.Status) error })
	if ok {
		_ = s.WriteStatus(internalError) // the client may have left
	}
}

var internalError = status.New(codes.Internal, "internal error")

// A panicError is what the call ends with.
type panicError struct{ p *weir.Panic }

func (e *panicError) Error() string              { return "weirgrpc: the handler panicked" }
func (e *panicError) Unwrap() error              { return e.p }
func (e *panicError) GRPCStatus() *status.Status { return internalError }

// caught tells whether err is what RecoverServer made of a panic.
func caught(err error) bool {
	if err == nil {
		return false
	}
	_, ok := errors.AsType[*panicError](err)
	return ok
}

func logPanic(ctx context.Context, call Call, p *weir.Panic) {
	slog.Default().LogAttrs(ctx, slog.LevelError, "weirgrpc: panic in a handler",
		slog.String("method", call.Method),
		slog.Any("panic", p.Value),
		slog.String("stack", string(p.Stack)))
}
