package balance

import (
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/endpointsharding"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// A policy balances the calls of one connection. It keeps a pickfirst balancer for
// each endpoint, which connects, reconnects and tries the endpoint's addresses, by
// gRPC's endpointsharding, and picks among those that are ready.
type policy struct {
	balancer.ClientConn // but for UpdateState, which the child calls

	builder *Builder
	target  string
	child   balancer.Balancer
	fleet   *fleet
	keys    *keys // nil but for consistent_hash
}

func newPolicy(b *Builder, cc balancer.ClientConn, o balancer.BuildOptions) *policy {
	p := &policy{
		ClientConn: cc,
		builder:    b,
		target:     o.Target.String(),
		fleet:      newFleet(b.opts.withDefaults().P2C, b.random),
	}
	if b.name == ConsistentHash {
		p.keys = newKeys(b.opts.withDefaults())
	}
	leaf := balancer.Get(pickfirst.Name).Build
	p.child = endpointsharding.NewBalancer(p, o, leaf, endpointsharding.Options{})
	return p
}

// UpdateClientConnState implements [balancer.Balancer]: it hears of endpoints and
// of the service config. gRPC calls it for one update after the other.
func (p *policy) UpdateClientConnState(s balancer.ClientConnState) error {
	o := p.builder.opts.withDefaults()
	switch c := s.BalancerConfig.(type) {
	case nil: // none was parsed
	case *settings:
		o = c.HashOptions
	default:
		return fmt.Errorf("balance: a config of another balancer, %T", c)
	}
	p.fleet.opts.Store(&o.P2C)
	if p.keys != nil {
		p.keys.configure(o)
	}
	return p.child.UpdateClientConnState(balancer.ClientConnState{
		// Health checks and outlier detection reach the leaves through it.
		ResolverState: pickfirst.EnableHealthListener(s.ResolverState),
	})
}

// UpdateState is called by the child, one call at a time, whenever an endpoint
// joined, left or changed its state.
func (p *policy) UpdateState(s balancer.State) {
	nodes := p.fleet.update(endpointsharding.ChildStatesFromPicker(s.Picker))
	if p.keys != nil {
		p.keys.update(nodes)
	}
	if len(nodes) == 0 {
		// The child's picker makes calls wait, or fails them with the last error.
		p.ClientConn.UpdateState(s)
		return
	}
	free := newPicker(p.fleet, nodes)
	s.ConnectivityState, s.Picker = connectivity.Ready, free
	if p.keys != nil {
		s.Picker = &keyPicker{ring: p.keys.ring.Load(), free: free}
	}
	p.ClientConn.UpdateState(s)
}

// ResolverError implements [balancer.Balancer].
func (p *policy) ResolverError(err error) { p.child.ResolverError(err) }

// UpdateSubConnState implements [balancer.Balancer]. gRPC does not call it where
// each connection has a listener, as those of pickfirst have.
func (p *policy) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}

// ExitIdle implements [balancer.Balancer].
func (p *policy) ExitIdle() { p.child.ExitIdle() }

// Close implements [balancer.Balancer].
func (p *policy) Close() {
	p.builder.forget(p)
	p.child.Close()
}

// sameServer reports whether two endpoints with the same addresses, in whatever
// order, are the same server. Attributes of an address may change what it is.
func sameServer(a, b resolver.Endpoint) bool {
	known := resolver.NewAddressMapV2[struct{}]()
	for _, addr := range a.Addresses {
		known.Set(addr, struct{}{})
	}
	for _, addr := range b.Addresses {
		if _, ok := known.Get(addr); !ok {
			return false
		}
	}
	return true
}
