package weirgrpc_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir/weirgrpc"
)

// observations are what an interceptor told.
type observations chan weirgrpc.Observation

func (o observations) note(_ context.Context, seen weirgrpc.Observation) { o <- seen }

func TestEachCallIsObservedOnce(t *testing.T) {
	plain := errors.New("broken")
	for name, c := range map[string]struct {
		inner    weirgrpc.ServerInterceptor
		h        func() error
		code     codes.Code
		refused  bool
		panicked bool
	}{
		"success":               {weirgrpc.ServerInterceptor{}, func() error { return nil }, codes.OK, false, false},
		"status":                {weirgrpc.ServerInterceptor{}, func() error { return status.Error(codes.NotFound, "") }, codes.NotFound, false, false},
		"plain error":           {weirgrpc.ServerInterceptor{}, func() error { return plain }, codes.Unknown, false, false},
		"context's error":       {weirgrpc.ServerInterceptor{}, func() error { return context.Canceled }, codes.Canceled, false, false},
		"refused":               {weirgrpc.AdmitServer(refusing(t, errFull), weirgrpc.AdmitOptions{}), nil, codes.ResourceExhausted, true, false},
		"refused by what it is": {weirgrpc.ServerInterceptor{}, func() error { return errFull }, codes.Unknown, true, false},
		"panic, recovered":      {weirgrpc.RecoverServer(quiet), func() error { explode(); return nil }, codes.Internal, false, true},
		"panic":                 {weirgrpc.ServerInterceptor{}, func() error { explode(); return nil }, codes.Internal, false, true},
		"Goexit":                {weirgrpc.ServerInterceptor{}, func() error { runtime.Goexit(); return nil }, codes.Internal, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachServing(t, func(t *testing.T, serve serving) {
				synctest.Test(t, func(t *testing.T) {
					seen := make(observations, 2)
					var err error
					inGoroutine(func() {
						defer func() { _ = recover() }()
						_, err = serve(weirgrpc.ChainServer(weirgrpc.ObserveServer(seen.note), c.inner), context.Background(),
							func(context.Context) error { time.Sleep(time.Second); return c.h() })
					})
					require.Len(t, seen, 1)
					o := <-seen
					require.Equal(t, method, o.Method)
					require.Equal(t, c.code, o.Code)
					require.Equal(t, err, o.Err)
					require.Equal(t, c.refused, o.Refused)
					require.Equal(t, c.panicked, o.Panicked)
					if c.h != nil {
						require.Equal(t, time.Second, o.Duration)
					}
				})
			})
		})
	}
}

func TestObserveNeedsAFunc(t *testing.T) {
	require.PanicsWithValue(t, "weirgrpc: ObserveServer with a nil func", func() { weirgrpc.ObserveServer(nil) })
	require.PanicsWithValue(t, "weirgrpc: ObserveClient with a nil func", func() { weirgrpc.ObserveClient(nil) })
}

func TestAPanicOfAClientIsObserved(t *testing.T) {
	seen := make(observations, 2)
	require.Panics(t, func() {
		_ = invoke(weirgrpc.ObserveClient(seen.note), context.Background(), func(context.Context) error { explode(); return nil })
	})
	o := <-seen
	require.True(t, o.Panicked)
	require.Equal(t, codes.Internal, o.Code)
	require.Zero(t, o.Received)
	require.Empty(t, seen)
}

func TestBothSidesCountMessages(t *testing.T) {
	atServer, atClient := make(observations, 10), make(observations, 10)
	address := start(t, &service{}, weirgrpc.ObserveServer(atServer.note).Options()...)
	cc := dial(t, address, weirgrpc.ObserveClient(atClient.note).DialOptions()...)
	c := testpb.NewTestServiceClient(cc)
	check := func(name string, sent, received int64, code codes.Code) {
		t.Helper()
		s, o := <-atServer, <-atClient
		require.Equal(t, "/grpc.testing.TestService/"+name, o.Method)
		require.Equal(t, o.Method, s.Method)
		require.Equal(t, cc.Target(), o.Target)
		require.Empty(t, s.Target)
		require.Equal(t, []int64{sent, received, received, sent}, []int64{o.Sent, o.Received, s.Sent, s.Received})
		require.Equal(t, []bool{o.ClientStreams, o.ServerStreams}, []bool{s.ClientStreams, s.ServerStreams})
		require.Equal(t, []codes.Code{code, code}, []codes.Code{o.Code, s.Code})
		require.Positive(t, o.Duration)
		require.Positive(t, s.Duration)
	}
	ctx := t.Context()

	_, err := c.UnaryCall(ctx, &testpb.SimpleRequest{})
	require.NoError(t, err)
	check("UnaryCall", 1, 1, codes.OK)

	out, err := c.StreamingOutputCall(ctx, &testpb.StreamingOutputCallRequest{ResponseParameters: make([]*testpb.ResponseParameters, 7)})
	require.NoError(t, err)
	for err == nil {
		_, err = out.Recv()
	}
	require.Equal(t, io.EOF, err)
	check("StreamingOutputCall", 1, 7, codes.OK)

	in, err := c.StreamingInputCall(ctx)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, in.Send(&testpb.StreamingInputCallRequest{}))
	}
	_, err = in.CloseAndRecv()
	require.NoError(t, err)
	check("StreamingInputCall", 3, 1, codes.OK)

	ctx, cancel := context.WithCancel(ctx)
	d, err := c.FullDuplexCall(ctx)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, d.Send(&testpb.StreamingOutputCallRequest{}))
		_, err = d.Recv()
		require.NoError(t, err)
	}
	cancel()
	check("FullDuplexCall", 2, 2, codes.Canceled)
}

func TestARefusalOfTheClientItselfIsObserved(t *testing.T) {
	seen := make(observations, 2)
	chain := weirgrpc.ChainClient(weirgrpc.ObserveClient(seen.note), weirgrpc.AdmitClient(refusing(t, errFull), weirgrpc.AdmitOptions{}))
	require.ErrorIs(t, invoke(chain, context.Background(), nil), errFull)
	o := <-seen
	require.True(t, o.Refused)
	require.Equal(t, codes.ResourceExhausted, o.Code)
	require.Zero(t, o.Sent)
	_, err := chain.Stream(context.Background(), &grpc.StreamDesc{}, nil, method, nil)
	require.ErrorIs(t, err, errFull)
	o = <-seen
	require.True(t, o.Refused)
	require.Zero(t, o.Sent)
}
