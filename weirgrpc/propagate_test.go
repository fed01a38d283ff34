package weirgrpc_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc"
)

// taken is what a handler sees of metadata.
func taken(t *testing.T, serve serving, ctx context.Context, o weirgrpc.PropagateOptions) (c weir.Criticality, attempt int) {
	t.Helper()
	_, err := serve(weirgrpc.PropagateServer(o), ctx, func(ctx context.Context) error {
		c, attempt = weir.CriticalityFrom(ctx), weirgrpc.AttemptFrom(ctx)
		return nil
	})
	require.NoError(t, err)
	return c, attempt
}

func incoming(kv ...string) context.Context {
	return metadata.NewIncomingContext(context.Background(), metadata.Pairs(kv...))
}

func TestMetadataAreTakenOver(t *testing.T) {
	for name, c := range map[string]struct {
		md      []string
		o       weirgrpc.PropagateOptions
		class   weir.Criticality
		attempt int
	}{
		"none":             {nil, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"sheddable":        {[]string{"weir-criticality", "sheddable"}, weirgrpc.PropagateOptions{}, weir.Sheddable, 1},
		"sheddable-plus":   {[]string{"weir-criticality", "sheddable-plus", "weir-attempt", "3"}, weirgrpc.PropagateOptions{}, weir.SheddablePlus, 3},
		"cut to default":   {[]string{"weir-criticality", "critical-plus"}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"cut":              {[]string{"weir-criticality", "critical-plus"}, weirgrpc.PropagateOptions{MaxCriticality: weir.Sheddable}, weir.Sheddable, 1},
		"trusted":          {[]string{"weir-criticality", "critical-plus"}, weirgrpc.PropagateOptions{MaxCriticality: weir.CriticalPlus}, weir.CriticalPlus, 1},
		"no criticality":   {[]string{"weir-criticality", "sheddable", "weir-attempt", "2"}, weirgrpc.PropagateOptions{DisableCriticality: true}, weir.Critical, 2},
		"no attempt":       {[]string{"weir-criticality", "sheddable", "weir-attempt", "2", "grpc-previous-rpc-attempts", "2"}, weirgrpc.PropagateOptions{DisableAttempt: true}, weir.Sheddable, 1},
		"first":            {[]string{"weir-attempt", "1"}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"highest":          {[]string{"weir-attempt", "999"}, weirgrpc.PropagateOptions{}, weir.Critical, 999},
		"higher":           {[]string{"weir-attempt", "999", "grpc-previous-rpc-attempts", "1"}, weirgrpc.PropagateOptions{}, weir.Critical, 999},
		"gRPC's":           {[]string{"grpc-previous-rpc-attempts", "2"}, weirgrpc.PropagateOptions{}, weir.Critical, 3},
		"both":             {[]string{"weir-attempt", "2", "grpc-previous-rpc-attempts", "2"}, weirgrpc.PropagateOptions{}, weir.Critical, 4},
		"unknown":          {[]string{"weir-criticality", "Sheddable", "weir-attempt", "two"}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"empty":            {[]string{"weir-criticality", "", "weir-attempt", ""}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"repeated":         {[]string{"weir-criticality", "sheddable", "weir-criticality", "sheddable", "weir-attempt", "2", "weir-attempt", "2"}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"zero":             {[]string{"weir-attempt", "0"}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"negative":         {[]string{"weir-attempt", "-1", "grpc-previous-rpc-attempts", "-5"}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"too many digits":  {[]string{"weir-attempt", "0002", "grpc-previous-rpc-attempts", "1000"}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"absurd":           {[]string{"weir-attempt", strings.Repeat("9", 5000), "weir-criticality", strings.Repeat("x", 5000)}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
		"spaces and signs": {[]string{"weir-attempt", " 2", "grpc-previous-rpc-attempts", "+2"}, weirgrpc.PropagateOptions{}, weir.Critical, 1},
	} {
		t.Run(name, func(t *testing.T) {
			eachServing(t, func(t *testing.T, serve serving) {
				class, attempt := taken(t, serve, incoming(c.md...), c.o)
				require.Equal(t, c.class, class)
				require.Equal(t, c.attempt, attempt)
			})
		})
	}
}

func TestMetadataNeverLowerTheClass(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		class, _ := taken(t, serve, weir.WithCriticality(incoming("weir-criticality", "sheddable"), weir.CriticalPlus), weirgrpc.PropagateOptions{})
		require.Equal(t, weir.CriticalPlus, class)
	})
}

// sent is what a client writes.
func sent(t *testing.T, ctx context.Context) metadata.MD {
	t.Helper()
	var unary metadata.MD
	require.NoError(t, invoke(weirgrpc.PropagateClient(), ctx, func(ctx context.Context) error {
		unary, _ = metadata.FromOutgoingContext(ctx)
		return nil
	}))
	made := &fakeClientStream{}
	_, err := weirgrpc.PropagateClient().Stream(ctx, bidi, nil, method, made.make)
	require.NoError(t, err)
	stream, _ := metadata.FromOutgoingContext(made.ctx)
	require.Equal(t, unary, stream)
	return unary
}

func TestAClientTellsWhatTheContextSays(t *testing.T) {
	ctx := context.Background()
	require.Empty(t, sent(t, ctx))
	require.Empty(t, sent(t, weirgrpc.WithAttempt(weir.WithCriticality(ctx, weir.Critical), 1)))
	require.Equal(t, metadata.Pairs("weir-criticality", "critical-plus"), sent(t, weir.WithCriticality(ctx, weir.CriticalPlus)))
	both := weirgrpc.WithAttempt(weir.WithCriticality(ctx, weir.Sheddable), 3)
	want := metadata.Pairs("weir-criticality", "sheddable", "weir-attempt", "3")
	require.Equal(t, want, sent(t, both))

	// What a proxy has passed on already is not repeated.
	old := metadata.Pairs("weir-criticality", "critical-plus", "weir-attempt", "7", "other", "x")
	got := sent(t, metadata.NewOutgoingContext(both, old))
	require.Equal(t, metadata.Join(want, metadata.Pairs("other", "x")), got)
	require.Equal(t, []string{"7"}, old["weir-attempt"], "a copy was changed")
	require.Equal(t, want, sent(t, metadata.AppendToOutgoingContext(both, "Weir-Criticality", "critical")))
}

// A gateway may pass on all that came in, whatever its own server made of it.
func TestWhatTheServerDidNotBelieveIsNotToldFurtherIn(t *testing.T) {
	came := metadata.Pairs("weir-criticality", "critical-plus", "weir-attempt", "7", "weir-attempt", "8", "other", "x")
	var got metadata.MD
	eachServing(t, func(t *testing.T, serve serving) {
		ctx := metadata.NewIncomingContext(context.Background(), came)
		_, err := serve(weirgrpc.PropagateServer(weirgrpc.PropagateOptions{}), ctx, func(ctx context.Context) error {
			in, _ := metadata.FromIncomingContext(ctx)
			got = sent(t, metadata.NewOutgoingContext(ctx, in))
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, metadata.Pairs("weir-criticality", "critical", "weir-attempt", "1", "other", "x"), got)
	})
}

func TestAttemptsAreBounded(t *testing.T) {
	ctx := context.Background()
	require.Equal(t, 1, weirgrpc.AttemptFrom(ctx))
	require.Equal(t, 2, weirgrpc.AttemptFrom(weirgrpc.WithAttempt(ctx, 2)))
	require.Equal(t, 999, weirgrpc.AttemptFrom(weirgrpc.WithAttempt(ctx, 1<<30)))
	require.PanicsWithValue(t, "weirgrpc: WithAttempt with less than 1", func() { weirgrpc.WithAttempt(ctx, 0) })
}

func TestImpossiblePropagateOptionsPanic(t *testing.T) {
	bad := weirgrpc.PropagateOptions{MaxCriticality: 5}
	require.EqualError(t, bad.Validate(), "weirgrpc: PropagateOptions.MaxCriticality is unknown")
	require.PanicsWithValue(t, bad.Validate().Error(), func() { weirgrpc.PropagateServer(bad) })
}

func TestAClassTravelsThroughServers(t *testing.T) {
	type facts struct {
		class   weir.Criticality
		attempt int
	}
	seen := make(chan facts, 10)
	look := func(ctx context.Context) { seen <- facts{weir.CriticalityFrom(ctx), weirgrpc.AttemptFrom(ctx)} }
	si := weirgrpc.PropagateServer(weirgrpc.PropagateOptions{MaxCriticality: weir.CriticalPlus})
	ci := weirgrpc.PropagateClient()
	back := connect(t, &service{
		unary: func(ctx context.Context, _ *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
			look(ctx)
			return &testpb.SimpleResponse{}, nil
		},
		duplex: func(d testpb.TestService_FullDuplexCallServer) error { look(d.Context()); return nil },
	}, si, ci)
	front := connect(t, &service{unary: func(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		d, err := back.FullDuplexCall(ctx)
		if err != nil {
			return nil, err
		}
		_, _ = d.Recv()
		return back.UnaryCall(ctx, in)
	}}, si, ci)
	ctx := weirgrpc.WithAttempt(weir.WithCriticality(t.Context(), weir.CriticalPlus), 2)
	_, err := front.UnaryCall(ctx, &testpb.SimpleRequest{}, grpc.WaitForReady(true))
	require.NoError(t, err)
	require.Equal(t, facts{weir.CriticalPlus, 2}, <-seen)
	require.Equal(t, facts{weir.CriticalPlus, 2}, <-seen)
}
