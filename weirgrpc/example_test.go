package weirgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/weirgrpc"
)

// shop is a service with one method that a test may replace.
type shop struct {
	testpb.UnimplementedTestServiceServer
}

func (shop) UnaryCall(ctx context.Context, _ *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	return &testpb.SimpleResponse{Username: "weir"}, nil
}

// A whole server and its client, each with what most services want.
func Example() {
	shedder := load.New(load.Options{Name: "shop"})
	srv := grpc.NewServer(weirgrpc.ChainServer(
		weirgrpc.RecoverServer(weirgrpc.RecoverOptions{}),
		weirgrpc.PropagateServer(weirgrpc.PropagateOptions{}),
		weirgrpc.TimeoutServer(weirgrpc.TimeoutOptions{}),
		weirgrpc.AdmitServer(shedder, weirgrpc.AdmitOptions{}),
	).Options()...)
	testpb.RegisterTestServiceServer(srv, shop{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(l)
	defer srv.Stop()

	health := breaker.New(breaker.Options{Name: "shop"})
	conn, err := grpc.NewClient(l.Addr().String(), append(weirgrpc.ChainClient(
		weirgrpc.PropagateClient(),
		weirgrpc.TimeoutClient(weirgrpc.TimeoutOptions{Unary: 5 * time.Second}),
		weirgrpc.AdmitClient(health, weirgrpc.AdmitOptions{}),
	).DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	resp, err := testpb.NewTestServiceClient(conn).UnaryCall(context.Background(), &testpb.SimpleRequest{})
	fmt.Println(resp.GetUsername(), err, health.State())
	// Output: weir <nil> closed
}

// handle runs a handler under an interceptor, as a server does.
func handle(i weirgrpc.ServerInterceptor, ctx context.Context, h func(ctx context.Context) error) error {
	_, err := i.Unary(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/shop.Shop/Buy"},
		func(ctx context.Context, _ any) (any, error) { return nil, h(ctx) })
	return err
}

func sell(context.Context) error { return nil }

func ExampleServerInterceptor() {
	own := weirgrpc.ServerInterceptor{
		Unary: func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			fmt.Println("asked for", info.FullMethod)
			return next(ctx, req)
		},
	}
	chain := weirgrpc.ChainServer(own, weirgrpc.RecoverServer(weirgrpc.RecoverOptions{}))
	fmt.Println(handle(chain, context.Background(), sell))
	// Output:
	// asked for /shop.Shop/Buy
	// <nil>
}

func ExampleClientInterceptor() {
	own := weirgrpc.ClientInterceptor{
		Unary: func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			fmt.Println("asking for", method)
			return next(ctx, method, req, reply, cc, opts...)
		},
	}
	chain := weirgrpc.ChainClient(own, weirgrpc.PropagateClient())
	fmt.Println(invoke(chain, context.Background(), sell))
	// Output:
	// asking for /test.Service/Method
	// <nil>
}

func ExampleAdmitOptions() {
	full := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
	full.Allow(context.Background()) // somebody is being served
	i := weirgrpc.AdmitServer(full, weirgrpc.AdmitOptions{RetryAfter: time.Second})
	err := handle(i, context.Background(), sell)
	fmt.Println(status.Code(err), errors.Is(err, weir.ErrRejected))
	fmt.Println(status.Convert(err).Message())
	// Output:
	// ResourceExhausted true
	// limit: too many calls in flight
}

func ExampleAdmitClient() {
	health := breaker.New(breaker.Options{})
	health.Force(breaker.ForcedOpen)
	err := invoke(weirgrpc.AdmitClient(health, weirgrpc.AdmitOptions{}), context.Background(), sell)
	fmt.Println(status.Code(err), errors.Is(err, breaker.ErrOpen))
	// Output: Unavailable true
}

func ExampleCall() {
	breakers := breaker.NewGroup[string](breaker.GroupOptions{})
	i := weirgrpc.AdmitServerBy(func(_ context.Context, c weirgrpc.Call) weir.Guard {
		if !c.Unary() {
			return nil // streams last, and are not guarded
		}
		return breakers.Get(c.Method)
	}, weirgrpc.AdmitOptions{})
	fmt.Println(handle(i, context.Background(), sell))
	for method, b := range breakers.All() {
		fmt.Println(method, b.State())
	}
	// Output:
	// <nil>
	// /shop.Shop/Buy closed
}

func ExampleClassify() {
	fmt.Println(weirgrpc.Classify(status.Error(codes.Unavailable, "connection refused")))
	fmt.Println(weirgrpc.Classify(status.Error(codes.NotFound, "no such shelf")))
	fmt.Println(weirgrpc.Classify(fmt.Errorf("query: %w", context.Canceled)))
	// Output:
	// failure
	// success
	// ignored
}

func ExampleClassifyCode() {
	fmt.Println(weirgrpc.ClassifyCode(codes.ResourceExhausted))
	// Output: overloaded
}

func ExampleRecoverOptions() {
	i := weirgrpc.RecoverServer(weirgrpc.RecoverOptions{
		OnPanic: func(_ context.Context, c weirgrpc.Call, p *weir.Panic) {
			fmt.Println(c.Method, "panicked:", p.Value)
		},
	})
	fmt.Println(status.Convert(handle(i, context.Background(), func(context.Context) error { panic("no such shelf") })).Message())
	// Output:
	// /shop.Shop/Buy panicked: no such shelf
	// internal error
}

func ExampleTimeoutOptions() {
	i := weirgrpc.TimeoutServer(weirgrpc.TimeoutOptions{
		Unary: time.Millisecond,
		For: func(_ context.Context, c weirgrpc.Call) time.Duration {
			if c.Method == "/shop.Shop/Restock" {
				return -1 // takes as long as it takes
			}
			return 0
		},
	})
	err := handle(i, context.Background(), func(ctx context.Context) error {
		<-ctx.Done() // as a query or a call that gets the context would
		return nil
	})
	fmt.Println(status.Code(err))
	// Output: DeadlineExceeded
}

func ExampleCallTimeout() {
	i := weirgrpc.TimeoutClient(weirgrpc.TimeoutOptions{Unary: time.Second})
	_ = invoke(i, context.Background(), func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		fmt.Println(time.Until(deadline).Round(time.Minute))
		return nil
	}, weirgrpc.CallTimeout(time.Hour)) // client.Buy(ctx, order, weirgrpc.CallTimeout(time.Hour))
	// Output: 1h0m0s
}

func ExampleObservation() {
	i := weirgrpc.ObserveServer(func(_ context.Context, o weirgrpc.Observation) {
		fmt.Println(o.Method, o.Code, o.Received, o.Sent, o.Duration >= 0)
	})
	_ = handle(i, context.Background(), sell)
	// Output: /shop.Shop/Buy OK 1 1 true
}

func ExamplePropagateOptions() {
	i := weirgrpc.PropagateServer(weirgrpc.PropagateOptions{})
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs(
		weirgrpc.MetadataCriticality, "sheddable", weirgrpc.MetadataAttempt, "2"))
	_ = handle(i, ctx, func(ctx context.Context) error {
		fmt.Println(weir.CriticalityFrom(ctx), weirgrpc.AttemptFrom(ctx))
		return nil
	})
	// Output: sheddable 2
}

func ExampleRateLimitOptions() {
	users := limit.NewToken(limit.TokenOptions{Rate: limit.Rate{Events: 1, Per: time.Minute}, Burst: 1})
	i := weirgrpc.RateLimitServer(users.Allow, func(ctx context.Context, _ weirgrpc.Call) string {
		if user := metadata.ValueFromIncomingContext(ctx, "user"); len(user) == 1 {
			return user[0]
		}
		return ""
	}, weirgrpc.RateLimitOptions{})
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("user", "ann"))
	fmt.Println(status.Code(handle(i, ctx, sell)))
	fmt.Println(status.Code(handle(i, ctx, sell)))
	// Output:
	// OK
	// ResourceExhausted
}

func ExampleTap() {
	all := limit.NewToken(limit.TokenOptions{Rate: limit.Rate{Events: 1, Per: time.Minute}, Burst: 1})
	check := weirgrpc.Tap(all.For("everybody")) // grpc.NewServer(grpc.InTapHandle(check), ...)
	for range 2 {
		_, err := check(context.Background(), &tap.Info{FullMethodName: "/shop.Shop/Buy"})
		fmt.Println(status.Code(err))
	}
	// Output:
	// OK
	// ResourceExhausted
}
