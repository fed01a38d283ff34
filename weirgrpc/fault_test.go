package weirgrpc_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirgrpc"
)

// state is that of a breaker after a thousand calls that ended with err.
func state(serve func(i weirgrpc.ServerInterceptor, c weirgrpc.ClientInterceptor, err error), err error) breaker.State {
	b := breaker.New(breaker.Options{})
	for range 1000 {
		serve(weirgrpc.AdmitServer(b, weirgrpc.AdmitOptions{}), weirgrpc.AdmitClient(b, weirgrpc.AdmitOptions{}), err)
		time.Sleep(time.Millisecond)
	}
	return b.State()
}

func TestWhatOpensABreakerAndWhatDoesNot(t *testing.T) {
	kinds := map[string]func(weirgrpc.ServerInterceptor, weirgrpc.ClientInterceptor, error){
		"client": func(_ weirgrpc.ServerInterceptor, c weirgrpc.ClientInterceptor, err error) {
			_ = invoke(c, context.Background(), returns(err))
		},
		"client's stream": func(_ weirgrpc.ServerInterceptor, c weirgrpc.ClientInterceptor, err error) {
			s, refused := c.Stream(context.Background(), bidi, nil, method, (&fakeClientStream{recv: func() error { return err }}).make)
			if refused == nil {
				_ = s.RecvMsg(nil)
			}
		},
		"server": func(s weirgrpc.ServerInterceptor, _ weirgrpc.ClientInterceptor, err error) {
			servings["unary"](s, context.Background(), returns(err))
		},
		"server's stream": func(s weirgrpc.ServerInterceptor, _ weirgrpc.ClientInterceptor, err error) {
			servings["stream"](s, context.Background(), returns(err))
		},
	}
	for name, serve := range kinds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, code := range []codes.Code{codes.Unavailable, codes.Internal, codes.Unknown, codes.DataLoss, codes.DeadlineExceeded} {
					require.Equal(t, breaker.Open, state(serve, status.Error(code, "")), code)
				}
				for _, code := range []codes.Code{codes.Canceled, codes.NotFound, codes.InvalidArgument, codes.Unimplemented, codes.Unauthenticated} {
					require.Equal(t, breaker.Closed, state(serve, status.Error(code, "")), code)
				}
			})
		})
	}
}

// Clients that leave say nothing of the server.
func TestAThousandClientsThatLeaveDoNotOpenABreaker(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		b := breaker.New(breaker.Options{})
		for range 1000 {
			ctx, cancel := context.WithCancel(context.Background())
			serve(weirgrpc.AdmitServer(b, weirgrpc.AdmitOptions{}), ctx, func(ctx context.Context) error {
				cancel()
				return status.Error(codes.Unavailable, "the connection to the backend was closed")
			})
		}
		require.Equal(t, breaker.Closed, b.State())
	})
}

// An open breaker of a client is Unavailable, not Unknown, and no call is made.
func TestARefusalOfAClientsBreakerHasACode(t *testing.T) {
	b := breaker.New(breaker.Options{})
	b.Force(breaker.ForcedOpen)
	i := weirgrpc.AdmitClient(b, weirgrpc.AdmitOptions{})
	err := invoke(i, context.Background(), func(context.Context) error { t.Error("called"); return nil })
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.ErrorIs(t, err, breaker.ErrOpen)
	require.ErrorIs(t, err, weir.ErrRejected)
	require.Equal(t, "breaker: open", err.Error())
}

// A front server returns what the breaker before its backend said. Its own clients
// see that it is alive, and nobody counts the refusal for a failure.
func TestARefusalTravelsThroughServersWithoutBecomingAFailure(t *testing.T) {
	atFront, atClient := newGuard(t), newGuard(t)
	b := breaker.New(breaker.Options{})
	b.Force(breaker.ForcedOpen)
	back := connect(t, &service{}, weirgrpc.ServerInterceptor{}, weirgrpc.AdmitClient(b, weirgrpc.AdmitOptions{}))
	front := connect(t, &service{unary: func(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		return back.UnaryCall(ctx, in)
	}}, weirgrpc.AdmitServer(atFront, weirgrpc.AdmitOptions{}), weirgrpc.AdmitClient(atClient, weirgrpc.AdmitOptions{}))
	_, err := front.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.Equal(t, weir.Ignored, atFront.next())
	require.Equal(t, weir.Overloaded, atClient.next())
}

// One breaker for each method of each target.
func TestAGroupOfBreakersKeepsMethodsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := breaker.NewGroup[string](breaker.GroupOptions{})
		i := weirgrpc.AdmitClientBy(func(_ context.Context, c weirgrpc.Call) weir.Guard { return group.Get(c.Method) }, weirgrpc.AdmitOptions{})
		call := func(name string, err error) error {
			return i.Unary(context.Background(), name, nil, nil, nil, func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
				return err
			})
		}
		for range 1000 {
			_ = call("/a", errBroken)
			time.Sleep(time.Millisecond)
		}
		require.Equal(t, breaker.Open, group.Get("/a").State())
		require.NoError(t, call("/b", nil))
	})
}

func TestHealthChecksPass(t *testing.T) {
	g := newGuard(t)
	address := start(t, &service{}, weirgrpc.AdmitServerBy(func(_ context.Context, c weirgrpc.Call) weir.Guard {
		if c.Method == healthpb.Health_Check_FullMethodName || c.Method == healthpb.Health_Watch_FullMethodName {
			return nil
		}
		return g
	}, weirgrpc.AdmitOptions{}).Options()...)
	c := healthpb.NewHealthClient(dial(t, address))
	r, err := c.Check(t.Context(), &healthpb.HealthCheckRequest{})
	require.NoError(t, err)
	require.Equal(t, healthpb.HealthCheckResponse_SERVING, r.GetStatus())
	ctx, cancel := context.WithCancel(t.Context())
	w, err := c.Watch(ctx, &healthpb.HealthCheckRequest{})
	require.NoError(t, err)
	r, err = w.Recv()
	require.NoError(t, err)
	require.Equal(t, healthpb.HealthCheckResponse_SERVING, r.GetStatus())
	cancel()
	require.Zero(t, g.asked.Load())
}
