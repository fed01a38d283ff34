package balance_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
	"google.golang.org/grpc/status"
)

var (
	errDown   = errors.New("test: nobody listens")
	errBroken = status.Error(codes.Internal, "test: broken")
)

// A channel is the part of a grpc.ClientConn that a balancer sees: it connects at
// once, to all addresses but those that are down. It must be used in a synctest
// bubble, or followed by wait.
type channel struct {
	balancer.ClientConn // nil: nothing else may be called
	t                   testing.TB
	lb                  balancer.Balancer
	config              serviceconfig.LoadBalancingConfig

	turn sync.Mutex // held while the balancer is told something
	mu   sync.Mutex
	down map[string]bool // guarded by mu, as are all below
	subs []*subConn
	last balancer.State
	news int
}

func newChannel(t testing.TB, b balancer.Builder, config string) *channel {
	c := &channel{t: t, down: map[string]bool{}}
	if p, ok := b.(balancer.ConfigParser); ok && config != "" {
		parsed, err := p.ParseConfig(json.RawMessage(config))
		require.NoError(t, err)
		c.config = parsed
	}
	c.lb = b.Build(c, balancer.BuildOptions{})
	t.Cleanup(c.lb.Close)
	return c
}

// resolve tells the balancer of endpoints.
func (c *channel) resolve(endpoints ...resolver.Endpoint) error {
	return c.lb.UpdateClientConnState(balancer.ClientConnState{
		ResolverState:  resolver.State{Endpoints: endpoints},
		BalancerConfig: c.config,
	})
}

func endpoint(addrs ...string) (e resolver.Endpoint) {
	for _, a := range addrs {
		e.Addresses = append(e.Addresses, resolver.Address{Addr: a})
	}
	return e
}

func endpoints(addrs ...string) (all []resolver.Endpoint) {
	for _, a := range addrs {
		all = append(all, endpoint(a))
	}
	return all
}

// set takes an address down or up. A connection to it breaks; one that is down is
// tried once.
func (c *channel) set(addr string, down bool) {
	c.mu.Lock()
	c.down[addr] = down
	subs := append([]*subConn{}, c.subs...)
	c.mu.Unlock()
	for _, s := range subs {
		if s.addr == addr {
			s.tell(connectivity.Idle, nil)
		}
	}
}

func (c *channel) state() balancer.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// pick picks, and returns the address and what ends the call.
func (c *channel) pick(ctx context.Context) (string, func(error)) {
	c.t.Helper()
	addr, done, err := c.tryPick(balancer.PickInfo{Ctx: ctx, FullMethodName: "/test/Call"})
	require.NoError(c.t, err)
	return addr, done
}

func (c *channel) tryPick(info balancer.PickInfo) (string, func(error), error) {
	res, err := c.state().Picker.Pick(info)
	if err != nil {
		return "", nil, err
	}
	done := func(err error) {
		if res.Done != nil {
			res.Done(balancer.DoneInfo{Err: err, BytesSent: true, BytesReceived: true})
		}
	}
	return res.SubConn.(*subConn).addr, done, nil
}

func (c *channel) NewSubConn(addrs []resolver.Address, o balancer.NewSubConnOptions) (balancer.SubConn, error) {
	s := &subConn{channel: c, addr: addrs[0].Addr, listen: o.StateListener}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subs = append(c.subs, s)
	return s, nil
}

func (c *channel) UpdateState(s balancer.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = s
	c.news++
}

func (c *channel) ResolveNow(resolver.ResolveNowOptions)   {}
func (c *channel) Target() string                          { return "test" }
func (c *channel) MetricsRecorder() estats.MetricsRecorder { return recorder{} }
func (c *channel) RemoveSubConn(balancer.SubConn)          { c.t.Error("deprecated") }
func (c *channel) isDown(addr string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.down[addr]
}

type recorder struct {
	estats.UnimplementedMetricsRecorder
}

// A subConn is a connection to one address.
type subConn struct {
	balancer.SubConn // nil: nothing else may be called
	channel          *channel
	addr             string
	listen           func(balancer.SubConnState)
	closed           bool // guarded by the channel's turn
}

func (s *subConn) tell(state connectivity.State, err error) {
	s.channel.turn.Lock()
	defer s.channel.turn.Unlock()
	if s.closed {
		return
	}
	s.closed = state == connectivity.Shutdown
	s.listen(balancer.SubConnState{ConnectivityState: state, ConnectionError: err})
}

func (s *subConn) Connect() {
	go func() {
		s.tell(connectivity.Connecting, nil)
		if s.channel.isDown(s.addr) {
			s.tell(connectivity.TransientFailure, errDown)
			return
		}
		s.tell(connectivity.Ready, nil)
	}()
}

func (s *subConn) Shutdown() { go s.tell(connectivity.Shutdown, nil) }

func (s *subConn) RegisterHealthListener(listen func(balancer.SubConnState)) {
	go listen(balancer.SubConnState{ConnectivityState: connectivity.Ready})
}

func info(ctx context.Context) balancer.PickInfo { return balancer.PickInfo{Ctx: ctx} }

// connected returns a channel outside of a bubble that is connected to servers s0,
// s1 and so on.
func connected(t testing.TB, b balancer.Builder, servers int) *channel {
	c := newChannel(t, b, "{}")
	addrs := make([]string, servers)
	for i := range addrs {
		addrs[i] = "s" + strconv.Itoa(i)
	}
	require.NoError(t, c.resolve(endpoints(addrs...)...))
	c.waitReady(servers)
	return c
}

// waitReady returns when so many connections are ready and the balancer was told.
func (c *channel) waitReady(n int) {
	require.Eventually(c.t, func() bool {
		seen := map[string]bool{}
		for range 100 * n {
			addr, done, err := c.tryPick(balancer.PickInfo{Ctx: context.Background()})
			if err != nil {
				return false
			}
			done(status.Error(codes.Canceled, ""))
			seen[addr] = true
		}
		return len(seen) == n
	}, 10*time.Second, time.Millisecond)
}
