package adapters

import (
	"time"

	"github.com/failsafe-go/failsafe-go/failsafegrpc"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/ratelimit"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"

	"github.com/weirgo/weir/weirgrpc"

	"github.com/weirgo/weir/bench/internal/suite"
)

// grpcStream has the chain that both can build for streams.
func grpcStream() suite.Line {
	return suite.Line{
		Name: "gRPC stream",
		Work: "call the handler of a stream through recover and rate limit",
		Contenders: []suite.Contender{
			contender(weirName, weirgrpcModule, stream(weirStream)),
			contender(middlewareName, middlewareModule, stream(middlewareStream)),
		},
		Targets: append(asCheapAs(middlewareName), suite.AllocsAbove(weirName, 0, middlewareName)),
	}
}

func weirStream() grpc.StreamServerInterceptor {
	return weirgrpc.ChainServer(weirgrpc.RecoverServer(weirgrpc.RecoverOptions{}), weirLimit()).Stream
}

// middlewareStream is chained as gRPC would do it.
func middlewareStream() grpc.StreamServerInterceptor {
	recover, limit := recovery.StreamServerInterceptor(), ratelimit.StreamServerInterceptor(tokens{newToken()})
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return recover(srv, ss, info, func(srv any, ss grpc.ServerStream) error { return limit(srv, ss, info, handler) })
	}
}

const failsafeMostName = "failsafe: all but observe, recover, propagate"

func grpcChain() suite.Line {
	return suite.Line{
		Name: "gRPC chain",
		Work: "call a handler through observe, recover, propagate, timeout, rate limit, shedder, concurrency limit and breaker",
		Contenders: []suite.Contender{
			contender(weirName, weirgrpcModule, unary(func() grpc.UnaryServerInterceptor { return weirServer().Unary })),
			contender(failsafeMostName, failsafeModule, unary(failsafeServer)),
			contender(withTimeoutName, "", unaryWithTimeout),
			contender(bareName, "", bareUnary),
		},
		// Each link but the first is a small allocation, as where gRPC chains them: seven,
		// and some room for what the runtime allocates meanwhile.
		Targets: append(noDearerThan(failsafeMostName), suite.AllocsAbove(weirName, 7.1, withTimeoutName)),
	}
}

func weirServer() weirgrpc.ServerInterceptor {
	return weirgrpc.ChainServer(
		weirObserve(),
		weirgrpc.RecoverServer(weirgrpc.RecoverOptions{}),
		weirgrpc.PropagateServer(weirgrpc.PropagateOptions{}),
		weirTimeout(),
		weirLimit(),
		weirgrpc.AdmitServer(newShedder(), weirgrpc.AdmitOptions{}),
		weirgrpc.AdmitServer(newConcurrency(), weirgrpc.AdmitOptions{}),
		weirgrpc.AdmitServer(newBreaker(), weirgrpc.AdmitOptions{}),
	)
}

func failsafeServer() grpc.UnaryServerInterceptor {
	return failsafeGRPC(
		timeout.New[any](patience),
		ratelimiter.NewBursty[any](events, time.Second),
		failsafeShedder[any](),
		failsafeBulkhead[any](),
		failsafeBreaker[any](),
	)
}

func grpcClient() suite.Line {
	return suite.Line{
		Name: "gRPC client",
		Work: "make a call through a timeout and a breaker, without a connection",
		Contenders: []suite.Contender{
			contender(weirName, weirgrpcModule, invoked(func() grpc.UnaryClientInterceptor { return weirClient().Unary })),
			contender(failsafeName, failsafeModule, invoked(failsafeClient)),
			contender(withTimeoutName, "", unaryWithTimeout),
		},
		Targets: noDearerThan(failsafeName),
	}
}

func weirClient() weirgrpc.ClientInterceptor {
	return weirgrpc.ChainClient(
		weirgrpc.TimeoutClient(weirgrpc.TimeoutOptions{Unary: patience}),
		weirgrpc.AdmitClient(newBreaker(), weirgrpc.AdmitOptions{}),
	)
}

func failsafeClient() grpc.UnaryClientInterceptor {
	return failsafegrpc.NewUnaryClientInterceptor(timeout.New[any](patience), failsafeBreaker[any]())
}

// failsafeInner is what failsafeServer has of what go-zero has, too.
func failsafeInner() grpc.UnaryServerInterceptor {
	return failsafeGRPC(timeout.New[any](patience), failsafeShedder[any](), failsafeBreaker[any]())
}
