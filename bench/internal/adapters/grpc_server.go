package adapters

import (
	"context"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/failsafegrpc"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/ratelimit"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc"

	"github.com/weirgo/weir/bench/internal/suite"
)

func grpcRecover() suite.Line {
	return suite.Line{
		Name: "gRPC recover",
		Work: "call a handler through an interceptor that would make an error of its panic",
		Contenders: []suite.Contender{
			contender(weirName, weirgrpcModule, unary(weirRecover)),
			contender(middlewareName, middlewareModule, unary(func() grpc.UnaryServerInterceptor { return recovery.UnaryServerInterceptor() })),
			contender(bareName, "", bareUnary),
		},
		Targets: append(asCheapAs(middlewareName), suite.Allocs(weirName, 0)),
	}
}

func weirRecover() grpc.UnaryServerInterceptor {
	return weirgrpc.RecoverServer(weirgrpc.RecoverOptions{}).Unary
}

// grpcRateLimit gives both the same limiter. Weir's interceptor asks for the key, and
// would tell who is refused for how long.
func grpcRateLimit() suite.Line {
	return suite.Line{
		Name: "gRPC rate limit",
		Work: "call a handler if the rate limit of the method allows",
		Contenders: []suite.Contender{
			contender(weirName, weirgrpcModule, unary(func() grpc.UnaryServerInterceptor { return weirLimit().Unary })),
			contender(middlewareName, middlewareModule, unary(func() grpc.UnaryServerInterceptor {
				return ratelimit.UnaryServerInterceptor(tokens{newToken()})
			})),
			contender(bareName, "", bareUnary),
		},
		Targets: append(asCheapAs(middlewareName), suite.Allocs(weirName, 0)),
	}
}

func weirLimit() weirgrpc.ServerInterceptor {
	return weirgrpc.RateLimitServer(newToken().Allow, byMethod, weirgrpc.RateLimitOptions{})
}

func byMethod(_ context.Context, c weirgrpc.Call) string { return c.Method }

func grpcObserve() suite.Line {
	return suite.Line{
		Name: "gRPC observe",
		Work: "call a handler, and tell somebody what became of the call and how long it took",
		Contenders: []suite.Contender{
			contender(weirName, weirgrpcModule, unary(func() grpc.UnaryServerInterceptor { return weirObserve().Unary })),
			contender(middlewareName, middlewareModule, unary(func() grpc.UnaryServerInterceptor {
				return interceptors.UnaryServerInterceptor(reporter{})
			})),
			contender(bareName, "", bareUnary),
		},
		Targets: append(noDearerThan(middlewareName), suite.Allocs(weirName, 0)),
	}
}

func weirObserve() weirgrpc.ServerInterceptor {
	return weirgrpc.ObserveServer(func(context.Context, weirgrpc.Observation) {})
}

type reporter struct{}

func (reporter) ServerReporter(ctx context.Context, _ interceptors.CallMeta) (interceptors.Reporter, context.Context) {
	return interceptors.NoopReporter{}, ctx
}

func grpcTimeout() suite.Line {
	return suite.Line{
		Name: "gRPC timeout",
		Work: "call a handler whose context has a deadline, and end with DeadlineExceeded if it passes",
		Contenders: []suite.Contender{
			contender(weirName, weirgrpcModule, unary(func() grpc.UnaryServerInterceptor { return weirTimeout().Unary })),
			contender(failsafeName, failsafeModule, unary(func() grpc.UnaryServerInterceptor { return failsafeGRPC(timeout.New[any](patience)) })),
			contender(withTimeoutName, "", unaryWithTimeout),
			contender(bareName, "", bareUnary),
		},
		Targets: append(noDearerThan(failsafeName), suite.AllocsAbove(weirName, 0, withTimeoutName)),
	}
}

func weirTimeout() weirgrpc.ServerInterceptor {
	return weirgrpc.TimeoutServer(weirgrpc.TimeoutOptions{Unary: patience})
}

func unaryWithTimeout() suite.Loop {
	return each(func(c *call) bool {
		ctx, cancel := context.WithTimeout(c.ctx, patience)
		defer cancel()
		got, err := echo(ctx, nil)
		return err == nil && got == reply
	})
}

func grpcConcurrency() suite.Line {
	return grpcGuard("gRPC concurrency limit", "call a handler with one of 100 free permits",
		func() weir.Guard { return newConcurrency() },
		func() failsafe.Policy[any] { return failsafeBulkhead[any]() })
}

func grpcBreaker() suite.Line {
	return grpcGuard("gRPC breaker", "call a handler, and tell a breaker how it went",
		func() weir.Guard { return newBreaker() },
		func() failsafe.Policy[any] { return failsafeBreaker[any]() })
}

func grpcShedder() suite.Line {
	return grpcGuard("gRPC shedder", "call a handler if a shedder that has nothing to do admits it",
		func() weir.Guard { return newShedder() },
		func() failsafe.Policy[any] { return failsafeShedder[any]() })
}

func grpcGuard(name, work string, guard func() weir.Guard, policy func() failsafe.Policy[any]) suite.Line {
	return suite.Line{
		Name: name,
		Work: work,
		Contenders: []suite.Contender{
			contender(weirName, weirgrpcModule, unary(func() grpc.UnaryServerInterceptor {
				return weirgrpc.AdmitServer(guard(), weirgrpc.AdmitOptions{}).Unary
			})),
			contender(failsafeName, failsafeModule, unary(func() grpc.UnaryServerInterceptor { return failsafeGRPC(policy()) })),
			contender(bareName, "", bareUnary),
		},
		Targets: append(noDearerThan(failsafeName), suite.Allocs(weirName, 0)),
	}
}

func failsafeGRPC(policies ...failsafe.Policy[any]) grpc.UnaryServerInterceptor {
	return failsafegrpc.NewUnaryServerInterceptor(policies...)
}
