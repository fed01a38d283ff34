package weiretcd_test

import (
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc/resolver"

	"github.com/weirgo/weir/weiretcd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A grpcClient is what a resolver sees of one.
type grpcClient struct {
	resolver.ClientConn
	mu      sync.Mutex
	updates [][]string // addresses
	states  []resolver.State
	errs    []error
	block   chan struct{} // if not nil, updates wait until it is closed
}

func (c *grpcClient) UpdateState(s resolver.State) error {
	if c.block != nil {
		<-c.block
	}
	addrs := []string{}
	for _, e := range s.Endpoints {
		addrs = append(addrs, e.Addresses[0].Addr)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.updates = append(c.updates, addrs)
	c.states = append(c.states, s)
	return nil
}

func (c *grpcClient) ReportError(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// has returns the addresses that the client was given last, nil if none were.
func (c *grpcClient) has() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.updates) == 0 {
		return nil
	}
	return c.updates[len(c.updates)-1]
}

func (c *grpcClient) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.updates)
}

func (c *grpcClient) last() resolver.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.states[len(c.states)-1]
}

var parse = url.Parse

// build does what grpc.NewClient does with a target.
func build(t testing.TB, r *weiretcd.Resolver, target string) (*grpcClient, resolver.Resolver) {
	t.Helper()
	c := &grpcClient{}
	return c, buildFor(t, r, target, c)
}

func buildFor(t testing.TB, r *weiretcd.Resolver, target string, c resolver.ClientConn) resolver.Resolver {
	t.Helper()
	u, err := parse(target)
	require.NoError(t, err)
	built, err := r.Build(resolver.Target{URL: *u}, c, resolver.BuildOptions{})
	require.NoError(t, err)
	return built
}

func statsOf(r *weiretcd.Resolver, target string) weiretcd.TargetStats {
	for name, st := range r.Targets() {
		if name == target {
			return st
		}
	}
	return weiretcd.TargetStats{}
}
