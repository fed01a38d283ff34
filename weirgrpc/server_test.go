package weirgrpc_test

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/weirgo/weir/weirgrpc"
)

// service is a server whose methods the tests write.
type service struct {
	testpb.UnimplementedTestServiceServer
	unary  func(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error)
	output func(in *testpb.StreamingOutputCallRequest, s testpb.TestService_StreamingOutputCallServer) error
	input  func(s testpb.TestService_StreamingInputCallServer) error
	duplex func(s testpb.TestService_FullDuplexCallServer) error
}

func (s *service) UnaryCall(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if s.unary == nil {
		return &testpb.SimpleResponse{Payload: in.GetPayload()}, nil
	}
	return s.unary(ctx, in)
}

// StreamingOutputCall sends as many messages as the request has parameters.
func (s *service) StreamingOutputCall(in *testpb.StreamingOutputCallRequest, out testpb.TestService_StreamingOutputCallServer) error {
	if s.output != nil {
		return s.output(in, out)
	}
	for range in.GetResponseParameters() {
		if err := out.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	return nil
}

// StreamingInputCall counts messages.
func (s *service) StreamingInputCall(in testpb.TestService_StreamingInputCallServer) error {
	if s.input != nil {
		return s.input(in)
	}
	for n := int32(0); ; n++ {
		if _, err := in.Recv(); err == io.EOF {
			return in.SendAndClose(&testpb.StreamingInputCallResponse{AggregatedPayloadSize: n})
		} else if err != nil {
			return err
		}
	}
}

// FullDuplexCall echoes.
func (s *service) FullDuplexCall(d testpb.TestService_FullDuplexCallServer) error {
	if s.duplex != nil {
		return s.duplex(d)
	}
	return echo(d)
}

func echo(d testpb.TestService_FullDuplexCallServer) error {
	for {
		in, err := d.Recv()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := d.Send(&testpb.StreamingOutputCallResponse{Payload: in.GetPayload()}); err != nil {
			return err
		}
	}
}

// start serves on a loopback socket until the test ends, and waits for all handlers.
func start(t testing.TB, s *service, opts ...grpc.ServerOption) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := grpc.NewServer(append(opts, grpc.WaitForHandlers(true))...)
	testpb.RegisterTestServiceServer(srv, s)
	healthpb.RegisterHealthServer(srv, health.NewServer())
	served := make(chan error)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Stop()
		require.NoError(t, <-served)
	})
	return l.Addr().String()
}

func dial(t testing.TB, address string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	opts = append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))
	cc, err := grpc.NewClient("passthrough:///"+address, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { cc.Close() })
	return cc
}

// connect starts a server with one interceptor and a client with another one.
func connect(t testing.TB, s *service, si weirgrpc.ServerInterceptor, ci weirgrpc.ClientInterceptor) testpb.TestServiceClient {
	t.Helper()
	return testpb.NewTestServiceClient(dial(t, start(t, s, si.Options()...), ci.DialOptions()...))
}

// fakeStream is the server's side of a stream that only has a context.
type fakeStream struct {
	grpc.ServerStream
	ctx     context.Context
	trailer metadata.MD
}

func (s *fakeStream) Context() context.Context  { return s.ctx }
func (s *fakeStream) SetTrailer(md metadata.MD) { s.trailer = metadata.Join(s.trailer, md) }
func (s *fakeStream) SendMsg(any) error         { return nil }
func (s *fakeStream) RecvMsg(any) error         { return nil }

// fakeTransport takes the trailer of a unary call.
type fakeTransport struct {
	grpc.ServerTransportStream
	trailer metadata.MD
}

func (s *fakeTransport) SetTrailer(md metadata.MD) error {
	s.trailer = metadata.Join(s.trailer, md)
	return nil
}

const method = "/test.Service/Method"

var (
	unaryInfo  = &grpc.UnaryServerInfo{FullMethod: method}
	streamInfo = &grpc.StreamServerInfo{FullMethod: method, IsClientStream: true, IsServerStream: true}
)

// A serving runs a handler under an interceptor, without a server, and returns the
// error and the trailer.
type serving func(i weirgrpc.ServerInterceptor, ctx context.Context, h func(context.Context) error) (metadata.MD, error)

// servings are the two kinds: unary and stream.
var servings = map[string]serving{
	"unary": func(i weirgrpc.ServerInterceptor, ctx context.Context, h func(context.Context) error) (metadata.MD, error) {
		s := &fakeTransport{}
		ctx = grpc.NewContextWithServerTransportStream(ctx, s)
		_, err := i.Unary(ctx, nil, unaryInfo, func(ctx context.Context, _ any) (any, error) { return nil, h(ctx) })
		return s.trailer, err
	},
	"stream": func(i weirgrpc.ServerInterceptor, ctx context.Context, h func(context.Context) error) (metadata.MD, error) {
		s := &fakeStream{ctx: ctx}
		err := i.Stream(nil, s, streamInfo, func(_ any, ss grpc.ServerStream) error { return h(ss.Context()) })
		return s.trailer, err
	},
}

// eachServing runs a test for unary calls and for streams.
func eachServing(t *testing.T, test func(t *testing.T, serve serving)) {
	for name, s := range servings {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

// invoke makes a unary call that ends as next says, under an interceptor.
func invoke(i weirgrpc.ClientInterceptor, ctx context.Context, next func(context.Context) error, opts ...grpc.CallOption) error {
	return i.Unary(ctx, method, nil, nil, nil, func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
		return next(ctx)
	}, opts...)
}

// inGoroutine runs f where it may call runtime.Goexit.
func inGoroutine(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}
