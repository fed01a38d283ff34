package weirgrpc_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc"
)

func TestRealStreamsGiveTheirPermitBack(t *testing.T) {
	atServer, atClient := newGuard(t), newGuard(t)
	s := &service{output: func(in *testpb.StreamingOutputCallRequest, out testpb.TestService_StreamingOutputCallServer) error {
		for range in.GetResponseParameters() {
			if err := out.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
				return err
			}
		}
		if in.GetResponseStatus() != nil {
			return status.Error(codes.Code(in.GetResponseStatus().GetCode()), "as asked for")
		}
		return nil
	}}
	address := start(t, s, weirgrpc.AdmitServer(atServer, weirgrpc.AdmitOptions{}).Options()...)
	ci := weirgrpc.AdmitClient(atClient, weirgrpc.AdmitOptions{}).DialOptions()
	cc := dial(t, address, ci...)
	c := testpb.NewTestServiceClient(cc)
	end := func(want weir.Outcome) {
		t.Helper()
		require.Equal(t, want, atClient.next())
		require.Equal(t, want, atServer.next())
		require.Zero(t, atClient.inFlight.Stats().InFlight)
	}

	// Server streaming, to the end.
	out, err := c.StreamingOutputCall(t.Context(), &testpb.StreamingOutputCallRequest{ResponseParameters: make([]*testpb.ResponseParameters, 3)})
	require.NoError(t, err)
	n := 0
	for ; err == nil; n++ {
		require.Equal(t, 1, atClient.inFlight.Stats().InFlight)
		_, err = out.Recv()
	}
	require.Equal(t, io.EOF, err)
	require.Equal(t, 4, n)
	end(weir.Success)

	// Server streaming, an error after the first message.
	out, err = c.StreamingOutputCall(t.Context(), &testpb.StreamingOutputCallRequest{
		ResponseParameters: make([]*testpb.ResponseParameters, 1),
		ResponseStatus:     &testpb.EchoStatus{Code: int32(codes.DataLoss)},
	})
	require.NoError(t, err)
	_, err = out.Recv()
	require.NoError(t, err)
	_, err = out.Recv()
	require.Equal(t, codes.DataLoss, status.Code(err))
	end(weir.Failure)

	// Client streaming.
	in, err := c.StreamingInputCall(t.Context())
	require.NoError(t, err)
	for range 5 {
		require.NoError(t, in.Send(&testpb.StreamingInputCallRequest{}))
	}
	require.Equal(t, 1, atClient.inFlight.Stats().InFlight)
	sum, err := in.CloseAndRecv()
	require.NoError(t, err)
	require.EqualValues(t, 5, sum.GetAggregatedPayloadSize())
	end(weir.Success)

	// Both, with a message back and forth, and half closed.
	d, err := c.FullDuplexCall(t.Context())
	require.NoError(t, err)
	require.NoError(t, d.Send(&testpb.StreamingOutputCallRequest{}))
	_, err = d.Recv()
	require.NoError(t, err)
	require.NoError(t, d.CloseSend())
	require.Equal(t, 1, atClient.inFlight.Stats().InFlight, "CloseSend is not the end")
	_, err = d.Recv()
	require.Equal(t, io.EOF, err)
	end(weir.Success)

	// Cancelled in the middle, and never looked at again.
	ctx, cancel := context.WithCancel(t.Context())
	d, err = c.FullDuplexCall(ctx)
	require.NoError(t, err)
	require.NoError(t, d.Send(&testpb.StreamingOutputCallRequest{}))
	_, err = d.Recv()
	require.NoError(t, err)
	cancel()
	end(weir.Ignored)

	// The connection is closed in the middle.
	d, err = c.FullDuplexCall(t.Context())
	require.NoError(t, err)
	require.NoError(t, d.Send(&testpb.StreamingOutputCallRequest{}))
	_, err = d.Recv()
	require.NoError(t, err)
	require.NoError(t, cc.Close())
	end(weir.Ignored)
	_, err = c.FullDuplexCall(t.Context())
	require.Error(t, err)
	require.Equal(t, weir.Ignored, atClient.next())
}

// The handlers return after the deadline, so it does not matter which timer has won.
// A call whose deadline passes on the way never reaches the guard of the server.
func TestADeadlineInTheMiddleOfAStreamIsAFailureOnBothSides(t *testing.T) {
	atServer, atClient := newGuard(t), newGuard(t)
	t.Cleanup(func() { // after the server has stopped
		for len(atServer.outcomes) > 0 {
			require.Equal(t, weir.Failure, atServer.next())
		}
	})
	c := connect(t, &service{duplex: func(d testpb.TestService_FullDuplexCallServer) error {
		deadline, _ := d.Context().Deadline()
		time.Sleep(time.Until(deadline))
		<-d.Context().Done()
		return d.Context().Err()
	}}, weirgrpc.AdmitServer(atServer, weirgrpc.AdmitOptions{}), weirgrpc.AdmitClient(atClient, weirgrpc.AdmitOptions{}))
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		d, err := c.FullDuplexCall(ctx)
		if err == nil {
			_, err = d.Recv()
		}
		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		require.Equal(t, weir.Failure, atClient.next())
		cancel()
	}
}

func TestADeadServerIsAFailure(t *testing.T) {
	g := newGuard(t)
	c := testpb.NewTestServiceClient(dial(t, "127.0.0.1:1", weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}).DialOptions()...))
	_, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.Equal(t, weir.Failure, g.next())
	_, err = c.FullDuplexCall(t.Context())
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.Equal(t, weir.Failure, g.next())
}

func TestAnUnimplementedMethodIsNoFailure(t *testing.T) {
	g := newGuard(t)
	c := connect(t, &service{}, weirgrpc.ServerInterceptor{}, weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}))
	_, err := c.UnimplementedCall(t.Context(), &testpb.Empty{})
	require.Equal(t, codes.Unimplemented, status.Code(err))
	require.Equal(t, weir.Success, g.next())
	require.False(t, errors.Is(err, weir.ErrRejected))
}
