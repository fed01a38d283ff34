package weirgrpc_test

import (
	"context"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirgrpc"
)

// everything is each interceptor of the package, in the order of its comment.
func everything(g weir.Guard, seen func(context.Context, weirgrpc.Observation)) (weirgrpc.ServerInterceptor, weirgrpc.ClientInterceptor) {
	always := func(context.Context, string) (limit.Decision, error) { return limit.Decision{Allowed: true}, nil }
	return weirgrpc.ChainServer(
			weirgrpc.ObserveServer(seen),
			weirgrpc.RecoverServer(quiet),
			weirgrpc.PropagateServer(weirgrpc.PropagateOptions{}),
			weirgrpc.TimeoutServer(limited(1<<50)),
			weirgrpc.RateLimitServer(always, byMethod, weirgrpc.RateLimitOptions{}),
			weirgrpc.AdmitServer(g, weirgrpc.AdmitOptions{}),
		), weirgrpc.ChainClient(
			weirgrpc.ObserveClient(seen),
			weirgrpc.PropagateClient(),
			weirgrpc.TimeoutClient(limited(1<<50)),
			weirgrpc.RateLimitClient(always, byMethod, weirgrpc.RateLimitOptions{}),
			weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}),
		)
}

const streams = 1000

// All streams are open at a time, and then end in one of four ways each.
func TestAThousandStreamsAtATimeGiveAllTheirPermitsBack(t *testing.T) {
	ends := make(chan struct{}, 2*streams+1)
	ended := func(context.Context, weirgrpc.Observation) { ends <- struct{}{} }
	si, _ := everything(open, ended)
	atServer, atClient := newGuard(t), newGuard(t)
	si = weirgrpc.ChainServer(si, weirgrpc.AdmitServer(atServer, weirgrpc.AdmitOptions{}))
	_, ci := everything(atClient, ended)
	c := connect(t, &service{duplex: func(d testpb.TestService_FullDuplexCallServer) error {
		for {
			in, err := d.Recv()
			switch {
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			case in.GetResponseStatus() != nil:
				return status.Error(codes.Code(in.GetResponseStatus().GetCode()), "")
			case in.GetPayload() != nil:
				explode()
			}
			if err := d.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
				return err
			}
		}
	}}, si, ci)

	opened, done := make(chan struct{}, streams), make(chan struct{})
	var wg sync.WaitGroup
	for i := range streams {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			d, err := c.FullDuplexCall(ctx)
			if err == nil {
				err = d.Send(&testpb.StreamingOutputCallRequest{})
			}
			if err == nil {
				_, err = d.Recv()
			}
			if err != nil {
				t.Error(err)
				opened <- struct{}{}
				return
			}
			opened <- struct{}{}
			<-done
			want := codes.OK
			switch i % 4 {
			case 0:
				_ = d.CloseSend()
			case 1:
				want = codes.DataLoss
				_ = d.Send(&testpb.StreamingOutputCallRequest{ResponseStatus: &testpb.EchoStatus{Code: int32(codes.DataLoss)}})
			case 2:
				want = codes.Internal
				_ = d.Send(&testpb.StreamingOutputCallRequest{Payload: &testpb.Payload{}})
			case 3:
				return // cancelled, and never looked at again
			}
			if _, err = d.Recv(); err == io.EOF {
				err = nil
			}
			if status.Code(err) != want {
				t.Errorf("%v instead of %v", err, want)
			}
		})
	}
	for range streams {
		<-opened
	}
	require.Equal(t, streams, atServer.inFlight.Stats().InFlight)
	require.Equal(t, streams, atClient.inFlight.Stats().InFlight)
	close(done)
	wg.Wait()
	for _, g := range []*guard{atClient, atServer} {
		got := map[weir.Outcome]int{}
		for range streams {
			got[g.next()]++
		}
		require.Equal(t, map[weir.Outcome]int{weir.Success: streams / 4, weir.Failure: streams / 2, weir.Ignored: streams / 4}, got)
	}
	for range 2 * streams {
		<-ends // each call is observed on both sides
	}
	require.Empty(t, ends)
}

func TestEverythingAtOnceCarriesLargeMessagesHeadersAndTrailers(t *testing.T) {
	g := newGuard(t)
	si, ci := everything(g, nobody)
	body := make([]byte, 3<<20)
	for i := range body {
		body[i] = byte(i)
	}
	c := connect(t, &service{
		unary: func(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
			_ = grpc.SetHeader(ctx, metadata.Pairs("h", "1"))
			_ = grpc.SetTrailer(ctx, metadata.Pairs("t", "2"))
			return &testpb.SimpleResponse{Payload: in.GetPayload()}, nil
		},
		duplex: func(d testpb.TestService_FullDuplexCallServer) error {
			_ = d.SetHeader(metadata.Pairs("h", "1"))
			d.SetTrailer(metadata.Pairs("t", "2"))
			return echo(d)
		},
	}, si, ci)
	var header, trailer metadata.MD
	resp, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{Payload: &testpb.Payload{Body: body}}, grpc.Header(&header), grpc.Trailer(&trailer))
	require.NoError(t, err)
	require.Equal(t, body, resp.GetPayload().GetBody())
	require.Equal(t, []string{"1"}, header["h"])
	require.Equal(t, []string{"2"}, trailer["t"])
	require.Equal(t, []weir.Outcome{weir.Success, weir.Success}, []weir.Outcome{g.next(), g.next()})

	d, err := c.FullDuplexCall(t.Context())
	require.NoError(t, err)
	for range 5 {
		require.NoError(t, d.Send(&testpb.StreamingOutputCallRequest{Payload: &testpb.Payload{Body: body}}))
		out, err := d.Recv()
		require.NoError(t, err)
		require.Equal(t, body, out.GetPayload().GetBody())
	}
	require.NoError(t, d.CloseSend())
	_, err = d.Recv()
	require.Equal(t, io.EOF, err)
	header, err = d.Header()
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, header["h"])
	require.Equal(t, []string{"2"}, d.Trailer()["t"])
	require.Equal(t, []weir.Outcome{weir.Success, weir.Success}, []weir.Outcome{g.next(), g.next()})
}
