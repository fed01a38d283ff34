package etcd_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"

	"github.com/weirgo/weir/weiretcd"
)

const target = "etcd:///services/orders"

// An instance is a gRPC server that is registered.
type instance struct {
	*weiretcd.Registrar
	addr   string
	server *grpc.Server
}

type healthy struct {
	grpc_health_v1.UnimplementedHealthServer
}

func (healthy) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING}, nil
}

func startInstance(t *testing.T, etcd *clientv3.Client) *instance {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	i := &instance{addr: l.Addr().String(), server: grpc.NewServer()}
	grpc_health_v1.RegisterHealthServer(i.server, healthy{})
	served := make(chan error, 1)
	go func() { served <- i.server.Serve(l) }()
	t.Cleanup(func() {
		i.server.Stop()
		require.NoError(t, <-served)
	})
	i.Registrar = startRegistrar(t, etcd, i.addr)
	return i
}

func registrar(etcd *clientv3.Client, addr string) *weiretcd.Registrar {
	return weiretcd.NewRegistrar(etcd, weiretcd.RegistrarOptions{
		Prefix:   "services/orders",
		Endpoint: weiretcd.Endpoint{Addr: addr},
		TTL:      2 * time.Second,
	})
}

func startRegistrar(t *testing.T, etcd *clientv3.Client, addr string) *weiretcd.Registrar {
	t.Helper()
	r := registrar(etcd, addr)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	require.NoError(t, r.Register(ctx))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	})
	return r
}

// Callers call a service all the time, and note every call that fails.
type callers struct {
	conn  *grpc.ClientConn
	stop  chan struct{}
	wg    sync.WaitGroup
	calls atomic.Uint64

	mu     sync.Mutex // guards what follows
	failed []error
	seen   map[string]bool // instances that have answered since the last ask
}

func startCallers(t *testing.T, r *weiretcd.Resolver) *callers {
	t.Helper()
	conn, err := grpc.NewClient(target,
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	require.NoError(t, err)
	c := &callers{conn: conn, stop: make(chan struct{}), seen: map[string]bool{}}
	for range 4 {
		c.wg.Go(c.call)
	}
	t.Cleanup(func() {
		close(c.stop)
		c.wg.Wait()
		require.NoError(t, conn.Close())
	})
	return c
}

func (c *callers) call() {
	client := grpc_health_v1.NewHealthClient(c.conn)
	for {
		select {
		case <-c.stop:
			return
		case <-time.After(time.Millisecond):
		}
		var from peer.Peer
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		_, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.Peer(&from))
		cancel()
		c.calls.Add(1)
		c.mu.Lock()
		if err != nil {
			c.failed = append(c.failed, err)
		} else {
			c.seen[from.Addr.String()] = true
		}
		c.mu.Unlock()
	}
}

// reach waits until calls are answered by exactly these instances.
func (c *callers) reach(t *testing.T, want ...*instance) {
	t.Helper()
	addrs := []string{}
	for _, i := range want {
		addrs = append(addrs, i.addr)
	}
	slices.Sort(addrs)
	c.ask()
	require.Eventually(t, func() bool {
		before := c.calls.Load()
		for c.calls.Load() < before+50 { // round_robin has been round by then
			time.Sleep(time.Millisecond)
		}
		return slices.Equal(c.ask(), addrs)
	}, soon, time.Millisecond, "instances %v", addrs)
}

func (c *callers) ask() (seen []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for addr := range c.seen {
		seen = append(seen, addr)
	}
	clear(c.seen)
	slices.Sort(seen)
	return seen
}

func (c *callers) noneFailed(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Empty(t, c.failed, "of %d calls", c.calls.Load())
}

// A listener is a gRPC client that only listens to its resolver.
type listener struct {
	resolver.ClientConn
	mu    sync.Mutex
	addrs []string
	least int // the shortest list since lowest was called last
}

func listen(t *testing.T, r *weiretcd.Resolver) *listener {
	t.Helper()
	u, err := url.Parse(target)
	require.NoError(t, err)
	l := &listener{}
	built, err := r.Build(resolver.Target{URL: *u}, l, resolver.BuildOptions{})
	require.NoError(t, err)
	t.Cleanup(built.Close)
	return l
}

func (l *listener) UpdateState(s resolver.State) error {
	addrs := []string{}
	for _, a := range s.Addresses {
		addrs = append(addrs, a.Addr)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addrs = addrs
	l.least = min(l.least, len(addrs))
	return nil
}

func (l *listener) ReportError(error) {}

func (l *listener) has() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addrs
}

// lowest returns how short the list has been since the last call.
func (l *listener) lowest() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.least
	l.least = len(l.addrs)
	return n
}

// comesTo waits until the resolver has exactly these addresses.
func (l *listener) comesTo(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	require.Eventually(t, func() bool { return slices.Equal(l.has(), want) }, soon, 5*time.Millisecond,
		"want %d: %.10v", len(want), want)
}

func numbered(n int) (addrs []string) {
	for i := range n {
		addrs = append(addrs, fmt.Sprintf("10.0.%d.%d:80", i/250, 1+i%250))
	}
	return addrs
}
