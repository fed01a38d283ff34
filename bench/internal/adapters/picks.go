package adapters

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	_ "github.com/zeromicro/go-zero/zrpc" // registers its p2c_ewma, which Weir's does not replace here
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/resolver"

	"github.com/weirgo/weir/weirgrpc/balance"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	servers    = 10
	gozeroPick = "go-zero p2c_ewma"
)

func picks() suite.Line {
	return suite.Line{
		Name: "pick",
		Work: "pick one of 10 servers that are connected, and tell the balancer that the call has succeeded",
		Contenders: []suite.Contender{
			picker(weirName, weirgrpcModule, func() balancer.Builder { return balance.NewP2C(balance.P2COptions{}) }),
			picker("weir consistent_hash", weirgrpcModule, func() balancer.Builder {
				return balance.NewConsistentHash(balance.HashOptions{})
			}),
			picker(gozeroPick, gozeroModule, func() balancer.Builder { quietGozero(); return balancer.Get(balance.P2C) }),
			picker(bareName+": round_robin", grpcModule, func() balancer.Builder { return balancer.Get(roundrobin.Name) }),
		},
		Targets: append(noDearerThan(gozeroPick), suite.Allocs(weirName, 0)),
	}
}

func picker(name, module string, make func() balancer.Builder) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
		c := newChannel(make())
		return &picking{suite.Timed{Loop: c.loop()}, c, c.connect()}
	}}
}

// picking is timed, and closed in the end.
type picking struct {
	suite.Timed
	channel *channel
	err     error
}

func (p *picking) Measure(s suite.Setting) (suite.Sample, error) {
	if p.err != nil {
		return suite.Sample{}, p.err
	}
	return p.Timed.Measure(s)
}

func (p *picking) Close() { p.channel.lb.Close() }

// A channel is the part of a connection that a balancer sees. All servers are there.
type channel struct {
	balancer.ClientConn // nil: nothing else may be called
	lb                  balancer.Balancer

	turn sync.Mutex // held while the balancer is told something
	mu   sync.Mutex
	last balancer.Picker // guarded by mu
}

func newChannel(b balancer.Builder) *channel {
	c := &channel{}
	c.lb = b.Build(c, balancer.BuildOptions{})
	return c
}

func (c *channel) loop() suite.Loop {
	info := balancer.PickInfo{FullMethodName: method, Ctx: balance.WithHashKey(context.Background(), "ann")}
	end := balancer.DoneInfo{BytesSent: true, BytesReceived: true}
	return func(n int) (odd int) {
		p := c.picker()
		for range n {
			result, err := p.Pick(info)
			if err != nil {
				odd++
				continue
			}
			if result.Done != nil {
				result.Done(end)
			}
		}
		return odd
	}
}

// connect returns when all servers are connected.
func (c *channel) connect() error {
	var state resolver.State
	for i := range servers {
		a := resolver.Address{Addr: fmt.Sprintf("server-%d", i)}
		state.Addresses = append(state.Addresses, a) // for balancers that know no endpoints
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{a}})
	}
	c.turn.Lock()
	err := c.lb.UpdateClientConnState(balancer.ClientConnState{ResolverState: state})
	c.turn.Unlock()
	if err != nil {
		return err
	}
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(time.Millisecond) {
		if c.seen() == servers {
			return nil
		}
	}
	return errors.New("adapters: the servers are not all picked")
}

// seen returns how many servers a number of picks without an outcome go to.
func (c *channel) seen() int {
	all := map[balancer.SubConn]bool{}
	p := c.picker()
	for range 100 * servers {
		if p == nil {
			return 0
		}
		result, err := p.Pick(balancer.PickInfo{FullMethodName: method, Ctx: context.Background()})
		if err != nil {
			return 0
		}
		if result.Done != nil {
			result.Done(balancer.DoneInfo{Err: context.Canceled})
		}
		all[result.SubConn] = true
	}
	return len(all)
}

func (c *channel) picker() balancer.Picker {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *channel) UpdateState(s balancer.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = s.Picker
}

func (c *channel) NewSubConn(_ []resolver.Address, o balancer.NewSubConnOptions) (balancer.SubConn, error) {
	return &subConn{channel: c, listen: o.StateListener}, nil
}

func (*channel) Target() string                                       { return "bench" }
func (*channel) ResolveNow(resolver.ResolveNowOptions)                {}
func (*channel) MetricsRecorder() estats.MetricsRecorder              { return recorder{} }
func (*channel) UpdateAddresses(balancer.SubConn, []resolver.Address) {}

type recorder struct {
	estats.UnimplementedMetricsRecorder
}

// A subConn is connected as soon as that is wanted.
type subConn struct {
	balancer.SubConn // nil: nothing else may be called
	channel          *channel
	listen           func(balancer.SubConnState)
}

func (s *subConn) Connect() {
	go func() {
		s.channel.turn.Lock()
		defer s.channel.turn.Unlock()
		s.listen(balancer.SubConnState{ConnectivityState: connectivity.Connecting})
		s.listen(balancer.SubConnState{ConnectivityState: connectivity.Ready})
	}()
}

func (s *subConn) Shutdown() {}

func (s *subConn) RegisterHealthListener(listen func(balancer.SubConnState)) {
	go listen(balancer.SubConnState{ConnectivityState: connectivity.Ready})
}
