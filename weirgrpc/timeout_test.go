package weirgrpc_test

import (
	"context"
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

// allowed returns how much time a context has, -1 if it has no deadline.
func allowed(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return -1
	}
	return time.Until(deadline)
}

func TestTheServersLimit(t *testing.T) {
	exempt := func(_ context.Context, c weirgrpc.Call) time.Duration {
		require.Equal(t, method, c.Method)
		return -1
	}
	same := func(context.Context, weirgrpc.Call) time.Duration { return 0 }
	other := func(context.Context, weirgrpc.Call) time.Duration { return 5 * time.Second }
	for name, c := range map[string]struct {
		o             weirgrpc.TimeoutOptions
		unary, stream time.Duration
	}{
		"default":    {weirgrpc.TimeoutOptions{}, 30 * time.Second, -1},
		"both":       {weirgrpc.TimeoutOptions{Unary: time.Second, Stream: time.Minute}, time.Second, time.Minute},
		"off":        {weirgrpc.TimeoutOptions{Unary: -1, Stream: -1}, -1, -1},
		"exempt":     {weirgrpc.TimeoutOptions{Unary: time.Second, Stream: time.Minute, For: exempt}, -1, -1},
		"no other":   {weirgrpc.TimeoutOptions{Unary: time.Second, Stream: time.Minute, For: same}, time.Second, time.Minute},
		"another":    {weirgrpc.TimeoutOptions{Unary: time.Second, For: other}, 5 * time.Second, 5 * time.Second},
		"as default": {weirgrpc.TimeoutOptions{For: same}, weirgrpc.DefaultTimeout, -1},
	} {
		for kind, want := range map[string]time.Duration{"unary": c.unary, "stream": c.stream} {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var got time.Duration
					_, err := servings[kind](weirgrpc.TimeoutServer(c.o), context.Background(), func(ctx context.Context) error {
						got = allowed(ctx)
						return nil
					})
					require.NoError(t, err)
					require.Equal(t, want, got)
				})
			})
		}
	}
}

func limited(d time.Duration) weirgrpc.TimeoutOptions {
	return weirgrpc.TimeoutOptions{Unary: d, Stream: d}
}

func TestTheClientsEarlierDeadlineStays(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			serve(weirgrpc.TimeoutServer(limited(time.Minute)), ctx, func(ctx context.Context) error {
				require.Equal(t, time.Second, allowed(ctx))
				return nil
			})
			serve(weirgrpc.TimeoutServer(limited(time.Millisecond)), ctx, func(ctx context.Context) error {
				require.Equal(t, time.Millisecond, allowed(ctx))
				return nil
			})
		})
	})
}

func TestACallThatOutlastsItsLimitIsDeadlineExceeded(t *testing.T) {
	own := status.Error(codes.DeadlineExceeded, "the backend's")
	for name, c := range map[string]struct {
		err  error // that the handler returns after the limit
		want error // nil: that of the limit
	}{
		"success":         {nil, nil},
		"its own fault":   {status.Error(codes.NotFound, ""), nil},
		"cancelled":       {context.Canceled, nil},
		"the same":        {own, own},
		"a refusal":       {errFull, errFull},
		"context's error": {context.DeadlineExceeded, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			eachServing(t, func(t *testing.T, serve serving) {
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					_, err := serve(weirgrpc.TimeoutServer(limited(time.Second)), context.Background(), func(ctx context.Context) error {
						<-ctx.Done()
						return c.err
					})
					require.Equal(t, time.Second, time.Since(start))
					if c.want != nil {
						require.Equal(t, c.want, err)
						return
					}
					require.Equal(t, codes.DeadlineExceeded, status.Code(err))
				})
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		resp, err := weirgrpc.TimeoutServer(limited(time.Second)).Unary(context.Background(), nil, unaryInfo,
			func(ctx context.Context, _ any) (any, error) { <-ctx.Done(); return "late", nil })
		require.Error(t, err)
		require.Nil(t, resp)
	})
}

func TestBeforeItsLimitACallIsLeftAlone(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		for _, want := range []error{nil, errBroken} {
			_, err := serve(weirgrpc.TimeoutServer(limited(time.Hour)), context.Background(), returns(want))
			require.Equal(t, want, err)
		}
		_, err := serve(weirgrpc.TimeoutServer(limited(time.Hour)), cancelled(), returns(nil))
		require.NoError(t, err, "the client has left, but the deadline has not passed")
	})
}

// The goroutine is the caller's: a panic beneath is nobody else's.
func TestAPanicPassesThroughTimeout(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		require.PanicsWithValue(t, "secret", func() {
			serve(weirgrpc.TimeoutServer(limited(time.Hour)), context.Background(), func(context.Context) error { explode(); return nil })
		})
	})
	require.PanicsWithValue(t, "secret", func() {
		_ = invoke(weirgrpc.TimeoutClient(limited(time.Hour)), context.Background(), func(context.Context) error { explode(); return nil })
	})
}

func TestTheClientsLimit(t *testing.T) {
	for name, c := range map[string]struct {
		o        weirgrpc.TimeoutOptions
		deadline time.Duration // of the context; 0: none
		opts     []grpc.CallOption
		want     time.Duration
	}{
		"default":                   {weirgrpc.TimeoutOptions{}, 0, nil, weirgrpc.DefaultTimeout},
		"given":                     {limited(time.Second), 0, nil, time.Second},
		"off":                       {limited(-1), 0, nil, -1},
		"later deadline":            {limited(time.Second), time.Hour, nil, time.Hour},
		"this call's":               {limited(time.Second), 0, []grpc.CallOption{weirgrpc.CallTimeout(time.Minute)}, time.Minute},
		"this call's, off":          {limited(time.Second), 0, []grpc.CallOption{weirgrpc.CallTimeout(-1)}, -1},
		"this call's, zero":         {limited(time.Second), 0, []grpc.CallOption{weirgrpc.CallTimeout(0)}, time.Second},
		"this call's, of two":       {limited(time.Second), 0, []grpc.CallOption{weirgrpc.CallTimeout(1), grpc.WaitForReady(true), weirgrpc.CallTimeout(2), grpc.WaitForReady(false)}, 2},
		"this call's, is earlier":   {limited(time.Second), time.Hour, []grpc.CallOption{weirgrpc.CallTimeout(time.Minute)}, time.Minute},
		"this call's, but earlier":  {limited(time.Second), time.Millisecond, []grpc.CallOption{weirgrpc.CallTimeout(time.Minute)}, time.Millisecond},
		"this call's, off, earlier": {limited(time.Second), time.Hour, []grpc.CallOption{weirgrpc.CallTimeout(-1)}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				i := weirgrpc.TimeoutClient(c.o)
				require.NoError(t, invoke(i, ctx, func(ctx context.Context) error {
					require.Equal(t, c.want, allowed(ctx))
					return nil
				}, c.opts...))
				if name == "default" {
					c.want = -1 // for streams
				}
				made := &fakeClientStream{}
				s, err := i.Stream(ctx, &grpc.StreamDesc{ServerStreams: true}, nil, method, made.make, c.opts...)
				require.NoError(t, err)
				require.Equal(t, c.want, allowed(made.ctx))
				if c.want != -1 && c.want != c.deadline {
					require.NoError(t, made.ctx.Err())
					finish(t, s)
					require.Equal(t, context.Canceled, made.ctx.Err(), "the timer ends with the stream")
				}
			})
		})
	}
}

func TestALimitReachesAcrossTheWire(t *testing.T) {
	until := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	c := connect(t, &service{
		unary: func(ctx context.Context, _ *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
			return nil, until(ctx)
		},
		duplex: func(d testpb.TestService_FullDuplexCallServer) error {
			_ = d.Send(&testpb.StreamingOutputCallResponse{})
			return until(d.Context())
		},
	}, weirgrpc.TimeoutServer(limited(20*time.Millisecond)), weirgrpc.ClientInterceptor{})
	_, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.Equal(t, codes.DeadlineExceeded, status.Code(err))
	d, err := c.FullDuplexCall(t.Context())
	require.NoError(t, err)
	_, err = d.Recv()
	require.NoError(t, err)
	_, err = d.Recv()
	require.Equal(t, codes.DeadlineExceeded, status.Code(err))
}

func TestACallTimeoutWithoutTimeoutClientDoesNothing(t *testing.T) {
	c := connect(t, &service{}, weirgrpc.ServerInterceptor{}, weirgrpc.ClientInterceptor{})
	_, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{}, weirgrpc.CallTimeout(1))
	require.NoError(t, err)
}
