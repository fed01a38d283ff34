package weirgrpc_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/weirgrpc"
)

const pushback = "grpc-retry-pushback-ms"

// delay returns the RetryInfo of a status, -1 if it has none, and whether it has the
// ErrorInfo of a refusal.
func delay(st *status.Status) (wait time.Duration, ours bool) {
	wait = -1
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.RetryInfo:
			wait = d.GetRetryDelay().AsDuration()
		case *errdetails.ErrorInfo:
			ours = d.GetReason() == "REFUSED" && d.GetDomain() == "github.com/weirgo/weir"
		}
	}
	return wait, ours
}

// quota is a refusal that knows its code.
type quota struct{}

func (quota) Error() string              { return "test: quota" }
func (quota) Is(target error) bool       { return target == weir.ErrRejected }
func (quota) GRPCStatus() *status.Status { return status.New(codes.PermissionDenied, "") }

func TestARefusalSaysWhyAndWhenToComeBack(t *testing.T) {
	shed := &load.Refusal{}
	for _, c := range []struct {
		name     string
		err      error
		wait     time.Duration // of the guard
		o        weirgrpc.AdmitOptions
		code     codes.Code
		text     string
		delay    time.Duration
		pushback []string
	}{
		{"limit", limit.ErrFull, 0, weirgrpc.AdmitOptions{}, codes.ResourceExhausted, limit.ErrFull.Error(), -1, nil},
		{"breaker", breaker.ErrOpen, 1500 * time.Microsecond, weirgrpc.AdmitOptions{}, codes.Unavailable, "breaker: open", 1500 * time.Microsecond, []string{"2"}},
		{"breaker, throttling", breaker.ErrThrottled, 0, weirgrpc.AdmitOptions{}, codes.Unavailable, "breaker: throttling", -1, nil},
		{"shedder", shed, 0, weirgrpc.AdmitOptions{}, codes.ResourceExhausted, "", time.Second, []string{"1000"}},
		{"code of the options", errFull, 0, weirgrpc.AdmitOptions{Code: codes.Aborted}, codes.Aborted, "test: full", -1, nil},
		{"code of the error", quota{}, 0, weirgrpc.AdmitOptions{}, codes.PermissionDenied, "test: quota", -1, nil},
		{"code of both", quota{}, 0, weirgrpc.AdmitOptions{Code: codes.Aborted}, codes.Aborted, "test: quota", -1, nil},
		{"wait of the options", errFull, 0, weirgrpc.AdmitOptions{RetryAfter: time.Minute}, codes.ResourceExhausted, "test: full", time.Minute, []string{"60000"}},
		{"wait of both", errFull, time.Second, weirgrpc.AdmitOptions{RetryAfter: time.Minute}, codes.ResourceExhausted, "test: full", time.Second, []string{"1000"}},
		{"no wait wanted", errFull, time.Second, weirgrpc.AdmitOptions{RetryAfter: -1}, codes.ResourceExhausted, "test: full", -1, nil},
		{"very long", errFull, math.MaxInt64, weirgrpc.AdmitOptions{}, codes.ResourceExhausted, "test: full", math.MaxInt64, []string{"2147483647"}},
		{"hostile text", weir.NewRejection("a\nb\x00ü" + strings.Repeat("x", 500)), 0, weirgrpc.AdmitOptions{}, codes.ResourceExhausted,
			"a?b???" + strings.Repeat("x", 122), -1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := func(t *testing.T, err error) {
				require.ErrorIs(t, err, weir.ErrRejected)
				require.ErrorIs(t, err, c.err)
				require.Equal(t, c.code, status.Code(err))
				require.Equal(t, c.text, status.Convert(err).Message())
				wait, ours := delay(status.Convert(err))
				require.Equal(t, c.delay, wait)
				require.True(t, ours)
			}
			g := refusing(t, c.err)
			g.retryAfter = c.wait
			eachServing(t, func(t *testing.T, serve serving) {
				trailer, err := serve(weirgrpc.AdmitServer(g, c.o), context.Background(), nil)
				check(t, err)
				require.Equal(t, c.pushback, trailer[pushback])
			})
			check(t, invoke(weirgrpc.AdmitClient(g, c.o), context.Background(), nil))
			_, err := weirgrpc.AdmitClient(g, c.o).Stream(context.Background(), &grpc.StreamDesc{}, nil, method, nil)
			check(t, err)
		})
	}
}

func TestADoneContextIsNoRefusal(t *testing.T) {
	o := weirgrpc.AdmitOptions{
		Code: codes.Aborted,
		Refuse: func(context.Context, weirgrpc.Call, error, time.Duration) error {
			t.Error("Refuse is for refusals")
			return nil
		},
	}
	past, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	g := newGuard(t)
	g.retryAfter = time.Second
	for code, ctx := range map[codes.Code]context.Context{codes.Canceled: cancelled(), codes.DeadlineExceeded: past} {
		eachServing(t, func(t *testing.T, serve serving) {
			trailer, err := serve(weirgrpc.AdmitServer(g, o), ctx, nil)
			require.Equal(t, code, status.Code(err))
			require.Equal(t, ctx.Err().Error(), status.Convert(err).Message())
			require.NotErrorIs(t, err, weir.ErrRejected)
			require.ErrorIs(t, err, ctx.Err())
			require.Empty(t, trailer)
		})
		err := invoke(weirgrpc.AdmitClient(g, o), ctx, nil)
		require.Equal(t, code, status.Code(err))
		require.NotErrorIs(t, err, weir.ErrRejected)
	}
}

func TestWhyAGuardFailedIsNotForClients(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7: refused")
	eachServing(t, func(t *testing.T, serve serving) {
		_, err := serve(weirgrpc.AdmitServer(refusing(t, secret), weirgrpc.AdmitOptions{}), context.Background(), nil)
		require.ErrorIs(t, err, secret, "for interceptors of the server")
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.Equal(t, "not admitted", status.Convert(err).Message())
	})
}

func TestRefuseMakesTheError(t *testing.T) {
	own := weirgrpc.AdmitOptions{Refuse: func(_ context.Context, c weirgrpc.Call, err error, wait time.Duration) error {
		return status.Errorf(codes.Aborted, "%s: %v, %v", c.Method, err, wait)
	}}
	g := refusing(t, errFull)
	g.retryAfter = time.Second
	eachServing(t, func(t *testing.T, serve serving) {
		trailer, err := serve(weirgrpc.AdmitServer(g, own), context.Background(), nil)
		require.Equal(t, codes.Aborted, status.Code(err))
		require.Equal(t, method+": test: full, 1s", status.Convert(err).Message())
		require.ErrorIs(t, err, errFull)
		require.Empty(t, trailer)
	})
}

func TestARefusalReachesRealClients(t *testing.T) {
	atServer, atClient := refusing(t, breaker.ErrOpen), newGuard(t)
	atServer.retryAfter = 1500 * time.Millisecond
	c := connect(t, &service{}, weirgrpc.AdmitServer(atServer, weirgrpc.AdmitOptions{}), weirgrpc.AdmitClient(atClient, weirgrpc.AdmitOptions{}))
	check := func(err error, trailer metadata.MD) {
		t.Helper()
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.Equal(t, "breaker: open", status.Convert(err).Message())
		require.NotErrorIs(t, err, weir.ErrRejected, "this process did not refuse")
		wait, ours := delay(status.Convert(err))
		require.Equal(t, 1500*time.Millisecond, wait)
		require.True(t, ours)
		require.Equal(t, []string{"1500"}, trailer[pushback])
		require.Equal(t, weir.Overloaded, atClient.next(), "a server that refuses is not gone")
	}
	var trailer metadata.MD
	_, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{}, grpc.Trailer(&trailer))
	check(err, trailer)
	s, err := c.FullDuplexCall(t.Context())
	require.NoError(t, err)
	_, err = s.Recv()
	check(err, s.Trailer())
}

const retries = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "100s",
	"maxBackoff": "100s", "backoffMultiplier": 1, "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]}`

// The backoff of the policy is 100 s. That the call ends at all shows that the
// server's word counts.
func TestRetriesOfGRPCObeyTheServer(t *testing.T) {
	atServer, atClient := newGuard(t), newGuard(t)
	attempts := make(chan int, 10)
	first := guardFunc(func(ctx context.Context) (weir.Permit, error) {
		attempts <- weirgrpc.AttemptFrom(ctx)
		if len(attempts) < 3 {
			return weir.Permit{}, &limitRefusal{time.Millisecond}
		}
		return atServer.Allow(ctx)
	})
	address := start(t, &service{}, weirgrpc.ChainServer(
		weirgrpc.PropagateServer(weirgrpc.PropagateOptions{}),
		weirgrpc.AdmitServer(first, weirgrpc.AdmitOptions{}),
	).Options()...)
	opts := append(weirgrpc.AdmitClient(atClient, weirgrpc.AdmitOptions{}).DialOptions(), grpc.WithDefaultServiceConfig(retries))
	c := testpb.NewTestServiceClient(dial(t, address, opts...))
	_, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, []int{<-attempts, <-attempts, <-attempts})
	require.Equal(t, weir.Success, atServer.next())
	require.Equal(t, weir.Success, atClient.next(), "one call, one outcome")
}

type limitRefusal struct{ wait time.Duration }

func (*limitRefusal) Error() string               { return "test: limited" }
func (*limitRefusal) Is(target error) bool        { return target == weir.ErrRejected }
func (r *limitRefusal) RetryAfter() time.Duration { return r.wait }

func TestRetriesOfGRPCEndWhereWaitingIsInVain(t *testing.T) {
	var calls atomic.Int64
	never := func(context.Context, string) (limit.Decision, error) {
		calls.Add(1)
		return limit.Decision{RetryAfter: -1}, nil
	}
	address := start(t, &service{}, weirgrpc.RateLimitServer(never, byMethod, weirgrpc.RateLimitOptions{}).Options()...)
	c := testpb.NewTestServiceClient(dial(t, address, grpc.WithDefaultServiceConfig(retries)))
	var trailer metadata.MD
	_, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{}, grpc.Trailer(&trailer))
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Equal(t, []string{"-1"}, trailer[pushback])
	require.EqualValues(t, 1, calls.Load())
}
