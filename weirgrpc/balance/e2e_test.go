package balance_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/weirgo/weir/weirgrpc/balance"
	"github.com/weirgo/weir/weirgrpc/resolver/static"
)

// A backend is a gRPC server on loopback that counts its calls.
type backend struct {
	pb.UnimplementedTestServiceServer
	t     *testing.T
	addr  string
	srv   *grpc.Server
	done  chan struct{}
	calls atomic.Int64
	fail  atomic.Bool
}

func (b *backend) EmptyCall(context.Context, *pb.Empty) (*pb.Empty, error) {
	b.calls.Add(1)
	if b.fail.Load() {
		return nil, errBroken
	}
	return &pb.Empty{}, nil
}

func newBackend(t *testing.T) *backend {
	b := &backend{t: t, addr: "127.0.0.1:0"}
	b.start()
	t.Cleanup(b.kill)
	return b
}

func (b *backend) start() {
	l, err := net.Listen("tcp", b.addr)
	require.NoError(b.t, err)
	b.addr = l.Addr().String()
	b.srv, b.done = grpc.NewServer(), make(chan struct{})
	pb.RegisterTestServiceServer(b.srv, b)
	go func() {
		defer close(b.done)
		_ = b.srv.Serve(l)
	}()
}

func (b *backend) kill() {
	b.srv.Stop()
	<-b.done
}

func backends(t *testing.T, n int) (all []*backend, addrs []string) {
	for range n {
		b := newBackend(t)
		all, addrs = append(all, b), append(addrs, b.addr)
	}
	return all, addrs
}

// dial connects to a list that can be updated.
func dial(t *testing.T, config string, addrs ...string) (pb.TestServiceClient, *static.Builder) {
	list := static.NewBuilder()
	require.NoError(t, list.Update(addrs...))
	conn, err := grpc.NewClient("static:///", grpc.WithResolvers(list), grpc.WithDefaultServiceConfig(config),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Second})) // and no delay between tries
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return pb.NewTestServiceClient(conn), list
}

// until makes calls until enough is true, and for a minute at the most.
func until(t *testing.T, client pb.TestServiceClient, ctx context.Context, enough func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !enough() {
		_, _ = client.EmptyCall(ctx, &pb.Empty{}, grpc.WaitForReady(true))
		require.NoError(t, ctx.Err())
	}
}

func must(t *testing.T, client pb.TestServiceClient, ctx context.Context) {
	t.Helper()
	_, err := client.EmptyCall(ctx, &pb.Empty{}, grpc.WaitForReady(true))
	require.NoError(t, err)
}

func counts(all []*backend) (n []int64) {
	for _, b := range all {
		n = append(n, b.calls.Swap(0))
	}
	return n
}

func called(b *backend, n int64) func() bool { return func() bool { return b.calls.Load() >= n } }

func TestP2COverRealConnections(t *testing.T) {
	builder := balance.NewP2C(balance.P2COptions{SlowStart: -1, ProbeAfter: -1})
	balancer.Register(builder)
	servers, addrs := backends(t, 4)
	client, list := dial(t, `{"loadBalancingConfig": [{"p2c_ewma": {}}]}`, addrs[:3]...)
	for _, s := range servers[:3] {
		until(t, client, ctx, called(s, 20))
	}
	require.Zero(t, servers[3].calls.Load())

	require.NoError(t, list.Update(addrs...))
	until(t, client, ctx, called(servers[3], 20))

	servers[1].kill()
	ready := func(addr string, want bool) func() bool {
		return func() bool { return node(t, builder, addr).Ready == want }
	}
	until(t, client, ctx, ready(addrs[1], false))
	counts(servers)
	for range 100 {
		must(t, client, ctx)
	}
	require.Zero(t, counts(servers)[1])

	servers[1].start()
	until(t, client, ctx, called(servers[1], 20))
	require.True(t, node(t, builder, addrs[1]).Ready)

	servers[2].fail.Store(true)
	until(t, client, ctx, func() bool { return node(t, builder, addrs[2]).Failures >= 3 })
	counts(servers)
	for range 1000 {
		_, _ = client.EmptyCall(ctx, &pb.Empty{})
	}
	require.Less(t, counts(servers)[2], int64(1000/4/3))
	for st := range builder.Nodes() {
		require.Zero(t, st.InFlight)
		require.Equal(t, "static:///", st.Target)
	}
}

func TestConsistentHashOverRealConnections(t *testing.T) {
	builder := balance.RegisterConsistentHash(balance.HashOptions{})
	servers, addrs := backends(t, 3)
	client, _ := dial(t, `{"loadBalancingConfig": [{"consistent_hash": {"load": 2, "slots": 4096}}]}`, addrs...)
	for _, s := range servers { // without a key all are used, so all are connected then
		until(t, client, ctx, called(s, 5))
	}
	keyed := balance.WithHashKey(ctx, "user 42")
	counts(servers)
	for range 50 {
		must(t, client, keyed)
	}
	home := -1
	for i, n := range counts(servers) {
		if n > 0 {
			require.EqualValues(t, 50, n, "one at a time, so never diverted")
			home = i
		}
	}
	servers[home].kill()
	until(t, client, keyed, func() bool { return !node(t, builder, addrs[home]).Ready })
	counts(servers)
	for range 50 {
		must(t, client, keyed)
	}
	require.ElementsMatch(t, []int64{0, 0, 50}, counts(servers))

	servers[home].start()
	until(t, client, keyed, called(servers[home], 1))
	counts(servers)
	for range 50 {
		must(t, client, keyed)
	}
	require.EqualValues(t, 50, counts(servers)[home])
}

func TestStreamsAreInFlightUntilTheyEnd(t *testing.T) {
	builder := balance.NewP2C(balance.P2COptions{})
	balancer.Register(builder)
	_, addrs := backends(t, 1)
	client, _ := dial(t, `{"loadBalancingConfig": [{"p2c_ewma": {}}]}`, addrs...)
	streaming, cancel := context.WithCancel(ctx)
	defer cancel()
	for range 5 {
		_, err := client.FullDuplexCall(streaming, grpc.WaitForReady(true))
		require.NoError(t, err)
	}
	require.EqualValues(t, 5, node(t, builder, addrs[0]).Picks)
	cancel()
	require.Eventually(t, func() bool { return node(t, builder, addrs[0]).InFlight == 0 }, time.Minute, time.Millisecond)
}
