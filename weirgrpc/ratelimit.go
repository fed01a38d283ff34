package weirgrpc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"google.golang.org/grpc"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

// RateLimitOptions configures [RateLimitServer] and [RateLimitClient]. The zero value
// is ready to use.
type RateLimitOptions struct {
	// OnError is called when the limiter fails: with an error that is no refusal,
	// while the context of the call is not done. The limiters of package limit never
	// do so. It is called on the goroutine of the call.
	OnError func(ctx context.Context, call Call, err error)
}

// RateLimitServer returns an interceptor that lets a call through if the limiter
// allows one more event of the call's key. decide is the method of a limiter, and key
// says who is limited:
//
//	users := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(10)})
//	weirgrpc.RateLimitServer(users.Allow, byUser, weirgrpc.RateLimitOptions{})
//
// It panics if decide or key is nil. A stream is one event.
//
// A call that is not allowed ends with ResourceExhausted and what else [AdmitServer]
// says of refusals. Where no waiting will help, the trailer grpc-retry-pushback-ms is
// -1: gRPC does not retry then. An outer AdmitServer settles its permit as Ignored. An
// error of the limiter is answered as that of a guard: a limiter that fails lets
// nobody through. Decisions of a stand-in ([limit.Decision].Degraded) are decisions as
// others.
//
// All calls whose key is empty share one key, so nobody escapes the limit by leaving
// out what the key is made of. A key longer than [limit.MaxKey] is replaced by a hash
// of it (SHA-256). It costs what decide and key cost.
func RateLimitServer(
	decide func(ctx context.Context, key string) (limit.Decision, error),
	key func(ctx context.Context, call Call) string,
	o RateLimitOptions,
) ServerInterceptor {
	l := newRateLimit(decide, key, o, "weirgrpc: RateLimitServer with a nil ")
	return ServerInterceptor{l.unaryServer, l.streamServer}
}

// RateLimitClient is [RateLimitServer] for the calls that a client makes. A call that
// is not allowed never starts, and errors.Is(err, [weir.ErrRejected]) holds for its
// error. Use the Wait of a limiter instead to be slowed down to a rate.
func RateLimitClient(
	decide func(ctx context.Context, key string) (limit.Decision, error),
	key func(ctx context.Context, call Call) string,
	o RateLimitOptions,
) ClientInterceptor {
	l := newRateLimit(decide, key, o, "weirgrpc: RateLimitClient with a nil ")
	return ClientInterceptor{l.unaryClient, l.streamClient}
}

type rateLimit struct {
	decide func(context.Context, string) (limit.Decision, error)
	key    func(context.Context, Call) string
	opts   RateLimitOptions
}

func newRateLimit(
	decide func(context.Context, string) (limit.Decision, error), key func(context.Context, Call) string,
	o RateLimitOptions, complaint string,
) *rateLimit {
	if decide == nil {
		panic(complaint + "limiter")
	}
	if key == nil {
		panic(complaint + "key func")
	}
	return &rateLimit{decide, key, o}
}

// refuse returns nil if the call is allowed.
func (l *rateLimit) refuse(ctx context.Context, call Call) *refusal {
	d, err := l.decide(ctx, limiterKey(l.key(ctx, call)))
	switch {
	case err == nil && d.Allowed:
		return nil
	case err == nil:
		return refusedWith(limit.ErrLimited, 0, d.RetryAfter)
	}
	if l.opts.OnError != nil && ctx.Err() == nil && !errors.Is(err, weir.ErrRejected) {
		l.opts.OnError(ctx, call, err)
	}
	return refusedWith(err, 0, weir.RetryAfter(nil, err))
}

func (l *rateLimit) unaryServer(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if r := l.refuse(ctx, unaryCall(info)); r != nil {
		return nil, r.toUnary(ctx)
	}
	return next(ctx, req)
}

func (l *rateLimit) streamServer(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if r := l.refuse(ss.Context(), streamCall(info)); r != nil {
		return r.toStream(ss)
	}
	return next(srv, ss)
}

func (l *rateLimit) unaryClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if r := l.refuse(ctx, clientCall(cc, method, nil)); r != nil {
		return r
	}
	return next(ctx, method, req, reply, cc, opts...)
}

func (l *rateLimit) streamClient(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if r := l.refuse(ctx, clientCall(cc, method, desc)); r != nil {
		return nil, r
	}
	return next(ctx, desc, cc, method, opts...)
}

// strangers is the key of all calls that have none. No metadata can contain its byte.
const strangers = "\x00"

// limiterKey makes a key that a limiter accepts of whatever a key func says.
func limiterKey(key string) string {
	switch {
	case key == "":
		return strangers
	case len(key) > limit.MaxKey:
		sum := sha256.Sum256([]byte(key))
		return strangers + hex.EncodeToString(sum[:])
	}
	return key
}
