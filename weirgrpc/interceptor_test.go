package weirgrpc_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc"
)

// trace returns interceptors for both sides that write down when they are passed.
func trace(log *[]string, name string) (weirgrpc.ServerInterceptor, weirgrpc.ClientInterceptor) {
	note := func() func() {
		*log = append(*log, "+"+name)
		return func() { *log = append(*log, "-"+name) }
	}
	return weirgrpc.ServerInterceptor{
			Unary: func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
				defer note()()
				return h(ctx, req)
			},
			Stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
				defer note()()
				return h(srv, ss)
			},
		}, weirgrpc.ClientInterceptor{
			Unary: func(ctx context.Context, m string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				defer note()()
				return next(ctx, m, req, reply, cc, opts...)
			},
			Stream: func(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, m string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
				defer note()()
				return next(ctx, d, cc, m, opts...)
			},
		}
}

func TestTheFirstOfAChainIsTheOutermost(t *testing.T) {
	var log []string
	as, ac := trace(&log, "a")
	bs, bc := trace(&log, "b")
	cs, cc := trace(&log, "c")
	half, halfClient := weirgrpc.ServerInterceptor{}, weirgrpc.ClientInterceptor{}
	want := []string{"+a", "+b", "+c", "-c", "-b", "-a"}

	server := weirgrpc.ChainServer(half, as, weirgrpc.ChainServer(bs, half, cs))
	eachServing(t, func(t *testing.T, serve serving) {
		for range 2 { // nothing is used up
			log = nil
			_, _ = serve(server, context.Background(), returns(nil))
			require.Equal(t, want, log)
		}
	})
	client := weirgrpc.ChainClient(weirgrpc.ChainClient(ac, bc), halfClient, cc)
	for range 2 {
		log = nil
		require.NoError(t, invoke(client, context.Background(), returns(nil)))
		require.Equal(t, want, log)
		log = nil
		_, err := client.Stream(context.Background(), bidi, nil, method, (&fakeClientStream{}).make)
		require.NoError(t, err)
		require.Equal(t, want, log)
	}
}

func TestAnEmptyChainChangesNothing(t *testing.T) {
	require.Empty(t, weirgrpc.ChainServer().Options())
	require.Empty(t, weirgrpc.ChainClient().DialOptions())
	require.Len(t, weirgrpc.ChainServer(weirgrpc.RecoverServer(quiet)).Options(), 2)
	require.Len(t, weirgrpc.ChainClient(weirgrpc.PropagateClient()).DialOptions(), 2)
	c := connect(t, &service{}, weirgrpc.ChainServer(), weirgrpc.ChainClient())
	_, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.NoError(t, err)
}

func TestLongMethodNamesAreCut(t *testing.T) {
	long := "/" + strings.Repeat("m", 100_000)
	var calls []weirgrpc.Call
	admit := weirgrpc.AdmitServerBy(func(_ context.Context, c weirgrpc.Call) weir.Guard {
		calls = append(calls, c)
		return nil
	}, weirgrpc.AdmitOptions{})
	ask := func(name string) {
		_, err := admit.Unary(context.Background(), nil, &grpc.UnaryServerInfo{FullMethod: name},
			func(context.Context, any) (any, error) { return nil, nil })
		require.NoError(t, err)
		err = admit.Stream(nil, &fakeStream{ctx: context.Background()}, &grpc.StreamServerInfo{FullMethod: name},
			func(any, grpc.ServerStream) error { return nil })
		require.NoError(t, err)
	}
	ask(long)
	ask(long[:weirgrpc.MaxMethod])
	for _, c := range calls {
		require.Equal(t, long[:weirgrpc.MaxMethod], c.Method)
	}
}

// Any client can ask for any method, where a server handles what it does not know.
func TestUnknownMethodsOfRealClientsAreCut(t *testing.T) {
	seen := make(observations, 1)
	unknown := grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil })
	cc := dial(t, start(t, &service{}, append(weirgrpc.ObserveServer(seen.note).Options(), unknown)...))
	_ = cc.Invoke(t.Context(), "/test.Service/"+strings.Repeat("m", 1000), &testpb.Empty{}, &testpb.Empty{})
	require.Len(t, (<-seen).Method, weirgrpc.MaxMethod)
}
