//go:build !race

package weirgrpc_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirgrpc"
)

func allowAll(context.Context, string) (limit.Decision, error) {
	return limit.Decision{Allowed: true}, nil
}

func bare(context.Context, any) (any, error)  { return nil, nil }
func bareStream(any, grpc.ServerStream) error { return nil }
func allocs(f func()) float64                 { return testing.AllocsPerRun(1000, f) }
func withTimeout() float64 {
	return allocs(func() { _, cancel := context.WithTimeout(context.Background(), time.Hour); cancel() })
}
func inner(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
	return nil
}

func TestEachServerInterceptorAllocatesWhatItsCommentSays(t *testing.T) {
	for name, c := range map[string]struct {
		i             weirgrpc.ServerInterceptor
		unary, stream float64
	}{
		"Recover":   {weirgrpc.RecoverServer(quiet), 0, 0},
		"Admit":     {weirgrpc.AdmitServer(open, weirgrpc.AdmitOptions{}), 0, 0},
		"Observe":   {weirgrpc.ObserveServer(nobody), 0, 1},
		"Propagate": {weirgrpc.PropagateServer(weirgrpc.PropagateOptions{}), 0, 0},
		"RateLimit": {weirgrpc.RateLimitServer(allowAll, byMethod, weirgrpc.RateLimitOptions{}), 0, 0},
		"Timeout":   {weirgrpc.TimeoutServer(limited(time.Hour)), withTimeout(), withTimeout() + 1},
		"no limit":  {weirgrpc.TimeoutServer(limited(-1)), 0, 0},
	} {
		ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("user-agent", "x"))
		ss := &fakeStream{ctx: ctx}
		require.Equal(t, c.unary, allocs(func() { _, _ = c.i.Unary(ctx, nil, unaryInfo, bare) }), name)
		require.Equal(t, c.stream, allocs(func() { _ = c.i.Stream(nil, ss, streamInfo, bareStream) }), name+", stream")
	}
}

func TestEachClientInterceptorAllocatesWhatItsCommentSays(t *testing.T) {
	// The stream, what it calls at its end, and two to add an option for gRPC.
	const follow = 4
	for name, c := range map[string]struct {
		i             weirgrpc.ClientInterceptor
		unary, stream float64
	}{
		"Admit":     {weirgrpc.AdmitClient(open, weirgrpc.AdmitOptions{}), 0, follow},
		"Observe":   {weirgrpc.ObserveClient(nobody), 0, follow},
		"Propagate": {weirgrpc.PropagateClient(), 0, 0},
		"RateLimit": {weirgrpc.RateLimitClient(allowAll, byMethod, weirgrpc.RateLimitOptions{}), 0, 0},
		"Timeout":   {weirgrpc.TimeoutClient(limited(time.Hour)), withTimeout(), withTimeout() + follow + afterFunc() + 1},
		"no limit":  {weirgrpc.TimeoutClient(limited(-1)), 0, 0},
	} {
		ctx := context.Background()
		streamer := (&fakeClientStream{}).make
		require.Equal(t, c.unary, allocs(func() { _ = c.i.Unary(ctx, method, nil, nil, nil, inner) }), name)
		require.Equal(t, c.stream, allocs(func() {
			s, _ := c.i.Stream(ctx, bidi, nil, method, streamer)
			_ = s.RecvMsg(nil)
		}), name+", stream")
	}
}

// afterFunc is what the standard library allocates to wait for a context.
func afterFunc() float64 {
	return allocs(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		context.AfterFunc(ctx, func() {})()
		cancel()
	}) - withTimeout()
}

func TestARefusalIsCheap(t *testing.T) {
	shut := guardFunc(func(context.Context) (weir.Permit, error) { return weir.Permit{}, errFull })
	i := weirgrpc.AdmitServer(shut, weirgrpc.AdmitOptions{})
	// The error, and what it takes to look into that of the guard. gRPC asks for the
	// status later.
	require.LessOrEqual(t, allocs(func() { _, _ = i.Unary(context.Background(), nil, unaryInfo, bare) }), 4.0)
}
