package weirgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc"
)

func TestEachCodeHasItsOutcome(t *testing.T) {
	want := map[codes.Code]weir.Outcome{
		codes.OK:                 weir.Success,
		codes.Canceled:           weir.Ignored,
		codes.Unknown:            weir.Failure,
		codes.InvalidArgument:    weir.Success,
		codes.DeadlineExceeded:   weir.Failure,
		codes.NotFound:           weir.Success,
		codes.AlreadyExists:      weir.Success,
		codes.PermissionDenied:   weir.Success,
		codes.ResourceExhausted:  weir.Overloaded,
		codes.FailedPrecondition: weir.Success,
		codes.Aborted:            weir.Success,
		codes.OutOfRange:         weir.Success,
		codes.Unimplemented:      weir.Success,
		codes.Internal:           weir.Failure,
		codes.Unavailable:        weir.Failure,
		codes.DataLoss:           weir.Failure,
		codes.Unauthenticated:    weir.Success,
		17:                       weir.Failure,
		1 << 31:                  weir.Failure,
	}
	require.Len(t, want, 19, "0 to 16, and two that are none")
	for code, outcome := range want {
		require.Equal(t, outcome, weirgrpc.ClassifyCode(code), code)
		require.Equal(t, outcome, weirgrpc.Classify(status.Error(code, "text")), code)
	}
}

func detailed(t *testing.T, code codes.Code, details ...protoadapt.MessageV1) error {
	t.Helper()
	st, err := status.New(code, "text").WithDetails(details...)
	require.NoError(t, err)
	return st.Err()
}

func TestErrorsAreClassifiedByMoreThanTheirCode(t *testing.T) {
	retry := &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}
	ours := &errdetails.ErrorInfo{Reason: "REFUSED", Domain: "github.com/weirgo/weir"}
	theirs := &errdetails.ErrorInfo{Reason: "REFUSED", Domain: "example.com"}
	for _, c := range []struct {
		name string
		err  error
		want weir.Outcome
	}{
		{"nil", nil, weir.Success},
		{"a refusal", errFull, weir.Ignored},
		{"a wrapped refusal", fmt.Errorf("call: %w", errFull), weir.Ignored},
		{"a plain error", errors.New("broken"), weir.Failure},
		{"context.Canceled", context.Canceled, weir.Ignored},
		{"wrapped context.Canceled", fmt.Errorf("query: %w", context.Canceled), weir.Ignored},
		{"context.DeadlineExceeded", context.DeadlineExceeded, weir.Failure},
		{"wrapped context.DeadlineExceeded", fmt.Errorf("query: %w", context.DeadlineExceeded), weir.Failure},
		{"a wrapped status", fmt.Errorf("call: %w", status.Error(codes.NotFound, "")), weir.Success},
		{"come back later", detailed(t, codes.Unavailable, retry), weir.Overloaded},
		{"refused", detailed(t, codes.Unavailable, ours), weir.Overloaded},
		{"somebody else's details", detailed(t, codes.Unavailable, theirs), weir.Failure},
		{"broken, come back later", detailed(t, codes.Internal, retry), weir.Failure},
		{"too large", status.Error(codes.ResourceExhausted, "trying to send message larger than max (9 vs. 8)"), weir.Success},
		{"quota", status.Error(codes.ResourceExhausted, "quota: larger than max"), weir.Overloaded},
	} {
		require.Equal(t, c.want, weirgrpc.Classify(c.err), c.name)
	}
}

// These pin texts of grpc-go.
func TestAMessageThatIsTooLargeIsTheCallersOwnFault(t *testing.T) {
	large := &testpb.Payload{Body: make([]byte, 5<<20)}
	atServer, atClient := newGuard(t), newGuard(t)
	ci := weirgrpc.AdmitClient(atClient, weirgrpc.AdmitOptions{})
	si := weirgrpc.AdmitServer(atServer, weirgrpc.AdmitOptions{})
	c := connect(t, &service{unary: func(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		return &testpb.SimpleResponse{Payload: large}, nil
	}}, si, ci)
	ctx := t.Context()

	_, err := c.UnaryCall(ctx, &testpb.SimpleRequest{}) // the response
	require.Equal(t, codes.ResourceExhausted, status.Code(err), err)
	require.Equal(t, weir.Success, atClient.next(), err)
	require.Equal(t, weir.Success, atServer.next())

	_, err = c.UnaryCall(ctx, &testpb.SimpleRequest{Payload: large}) // the request, which no guard of the server sees
	require.Equal(t, codes.ResourceExhausted, status.Code(err), err)
	require.Equal(t, weir.Success, atClient.next(), err)

	_, err = c.UnaryCall(ctx, &testpb.SimpleRequest{Payload: large}, grpc.MaxCallSendMsgSize(10))
	require.True(t, strings.HasPrefix(status.Convert(err).Message(), "trying to send"), err)
	require.Equal(t, weir.Success, atClient.next(), err)

	s, err := c.FullDuplexCall(ctx) // a stream, where the handler sees it
	require.NoError(t, err)
	require.NoError(t, s.Send(&testpb.StreamingOutputCallRequest{Payload: large}))
	_, err = s.Recv()
	require.Equal(t, codes.ResourceExhausted, status.Code(err), err)
	require.Equal(t, weir.Success, atClient.next(), err)
	require.Equal(t, weir.Success, atServer.next())
}
