package weirgrpc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc"
)

// quiet recovers and says nothing.
var quiet = weirgrpc.RecoverOptions{OnPanic: func(context.Context, weirgrpc.Call, *weir.Panic) {}}

func explode() { panic("secret") }

func TestAPanicBecomesInternalWithoutItsText(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		var got []*weir.Panic
		var call weirgrpc.Call
		o := weirgrpc.RecoverOptions{OnPanic: func(_ context.Context, c weirgrpc.Call, p *weir.Panic) {
			got, call = append(got, p), c
		}}
		_, err := serve(weirgrpc.RecoverServer(o), context.Background(), func(context.Context) error { explode(); return nil })
		require.Equal(t, codes.Internal, status.Code(err))
		require.Equal(t, "internal error", status.Convert(err).Message())
		require.NotContains(t, err.Error(), "secret")
		require.Len(t, got, 1)
		require.Equal(t, "secret", got[0].Value)
		require.Contains(t, string(got[0].Stack), "explode", "the stack is that of the panic")
		require.Equal(t, method, call.Method)
		p, ok := errors.AsType[*weir.Panic](err)
		require.True(t, ok)
		require.Same(t, got[0], p)
	})
}

func TestAPanicTakesTheResponseWithIt(t *testing.T) {
	resp, err := weirgrpc.RecoverServer(quiet).Unary(context.Background(), nil, unaryInfo,
		func(context.Context, any) (resp any, err error) {
			defer func() { explode() }()
			return "half", nil
		})
	require.Error(t, err)
	require.Nil(t, resp)
}

func TestWithoutAHookAPanicIsLoggedOnce(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	servings["unary"](weirgrpc.RecoverServer(weirgrpc.RecoverOptions{}), context.Background(), func(context.Context) error { explode(); return nil })
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")))
	require.Contains(t, out.String(), `level=ERROR msg="weirgrpc: panic in a handler" method=/test.Service/Method panic=secret`)
	require.Contains(t, out.String(), "explode")
}

func TestAPanicOfTheHookGoesOn(t *testing.T) {
	o := weirgrpc.RecoverOptions{OnPanic: func(context.Context, weirgrpc.Call, *weir.Panic) { panic("hook") }}
	eachServing(t, func(t *testing.T, serve serving) {
		require.PanicsWithValue(t, "hook", func() {
			serve(weirgrpc.RecoverServer(o), context.Background(), func(context.Context) error { explode(); return nil })
		})
	})
}

func TestWhatDoesNotPanicIsLeftAlone(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		for _, want := range []error{nil, errBroken} {
			_, err := serve(weirgrpc.RecoverServer(quiet), context.Background(), returns(want))
			require.Equal(t, want, err)
		}
	})
}

// Whether Recover stands inside or outside, a guard hears of a failure once.
func TestARecoveredPanicIsAFailureOnBothSidesOfRecover(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		outer, inner := newGuard(t), newGuard(t)
		_, err := serve(weirgrpc.ChainServer(
			weirgrpc.AdmitServer(outer, weirgrpc.AdmitOptions{}),
			weirgrpc.RecoverServer(quiet),
			weirgrpc.AdmitServer(inner, weirgrpc.AdmitOptions{}),
		), context.Background(), func(context.Context) error { explode(); return nil })
		require.Equal(t, codes.Internal, status.Code(err))
		require.Equal(t, weir.Failure, inner.next())
		require.Equal(t, weir.Failure, outer.next())
	})
}

// both is what the tests of real panics serve with: the end of each call, as the
// client sees it, is in the outcome of its guard.
func exploding(t *testing.T, s *service) (c testpb.TestServiceClient, atServer *guard, panics chan *weir.Panic) {
	t.Helper()
	atServer = newGuard(t)
	panics = make(chan *weir.Panic, 10)
	o := weirgrpc.RecoverOptions{OnPanic: func(_ context.Context, _ weirgrpc.Call, p *weir.Panic) { panics <- p }}
	c = connect(t, s, weirgrpc.ChainServer(
		weirgrpc.RecoverServer(o),
		weirgrpc.AdmitServer(atServer, weirgrpc.AdmitOptions{}),
	), weirgrpc.ClientInterceptor{})
	return c, atServer, panics
}

func TestRealClientsHearOfPanicsAndGoexit(t *testing.T) {
	for name, c := range map[string]struct {
		end  func()
		want any
	}{
		"panic":  {explode, "secret"},
		"Goexit": {runtime.Goexit, weirgrpc.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			client, atServer, panics := exploding(t, &service{
				unary: func(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error) { c.end(); return nil, nil },
				input: func(testpb.TestService_StreamingInputCallServer) error { c.end(); return nil },
				duplex: func(d testpb.TestService_FullDuplexCallServer) error {
					_ = d.Send(&testpb.StreamingOutputCallResponse{})
					c.end()
					return nil
				},
			})
			check := func(err error) {
				t.Helper()
				require.Equal(t, codes.Internal, status.Code(err))
				require.Equal(t, "internal error", status.Convert(err).Message())
				require.Equal(t, c.want, (<-panics).Value)
				require.Equal(t, weir.Failure, atServer.next())
			}
			// None of the contexts has a deadline: without a status these would hang.
			_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
			check(err)

			in, err := client.StreamingInputCall(t.Context()) // before the first message
			require.NoError(t, err)
			_, err = in.CloseAndRecv()
			check(err)

			d, err := client.FullDuplexCall(t.Context()) // after it
			require.NoError(t, err)
			_, err = d.Recv()
			require.NoError(t, err)
			_, err = d.Recv()
			check(err)
		})
	}
}

func TestAServerSurvivesPanics(t *testing.T) {
	client, atServer, panics := exploding(t, &service{duplex: func(d testpb.TestService_FullDuplexCallServer) error {
		for {
			if _, err := d.Recv(); err == io.EOF {
				return nil
			}
			explode()
		}
	}})
	for range 20 {
		d, err := client.FullDuplexCall(t.Context(), grpc.WaitForReady(true))
		require.NoError(t, err)
		require.NoError(t, d.Send(&testpb.StreamingOutputCallRequest{}))
		_, err = d.Recv()
		require.Equal(t, codes.Internal, status.Code(err))
		<-panics
		require.Equal(t, weir.Failure, atServer.next())
	}
	_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.NoError(t, err)
	require.Equal(t, weir.Success, atServer.next())
}
