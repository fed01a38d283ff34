package static

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"google.golang.org/grpc/resolver"
)

// Scheme is what targets begin with.
const Scheme = "static"

// A Builder makes resolvers for grpc.WithResolvers, or for resolver.Register, which
// must be called while the program starts. Its Update reaches all connections that
// use it: where several should have lists of their own, give each a Builder.
//
// It is made by [NewBuilder]. All methods may be called concurrently.
type Builder struct {
	// turn is held by Build and Update while they tell gRPC of a list, so that all
	// connections end with the last. gRPC does not call back meanwhile.
	turn sync.Mutex

	mu   sync.Mutex
	list []resolver.Endpoint // guarded by mu, as is live; nil before the first Update
	live map[*conn]struct{}
}

// NewBuilder returns a Builder whose connections have the lists of their targets,
// until Update is called.
func NewBuilder() *Builder { return &Builder{live: map[*conn]struct{}{}} }

// Scheme implements [resolver.Builder].
func (*Builder) Scheme() string { return Scheme }

// OverrideAuthority implements [resolver.AuthorityOverrider]: what servers take
// themselves to be called for is the first address, as the whole list is no host.
func (*Builder) OverrideAuthority(t resolver.Target) string {
	first, _, _ := strings.Cut(t.Endpoint(), ",")
	if first == "" {
		return "localhost"
	}
	return first
}

// Build implements [resolver.Builder]. It fails if an address of the target is not
// of the form host:port, or if there is none and Update was not called either.
func (b *Builder) Build(t resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	list, err := parse(t.Endpoint())
	if err != nil {
		return nil, err
	}
	b.turn.Lock()
	defer b.turn.Unlock()
	c := &conn{ClientConn: cc, of: b}
	if updated := b.add(c); updated != nil {
		list = updated
	} else if len(list) == 0 {
		c.Close()
		return nil, errors.New("static: a target without addresses")
	}
	c.tell(list)
	return c, nil
}

func parse(addrs string) ([]resolver.Endpoint, error) {
	if addrs == "" {
		return nil, nil
	}
	return endpoints(strings.Split(addrs, ","))
}

func endpoints(addrs []string) ([]resolver.Endpoint, error) {
	list := make([]resolver.Endpoint, 0, len(addrs))
	for _, addr := range addrs {
		addr = strings.TrimSpace(addr)
		if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
			return nil, fmt.Errorf("static: %q is not of the form host:port", addr)
		}
		// The name is for TLS: the authority of the connection is that of one server.
		list = append(list, resolver.Endpoint{Addresses: []resolver.Address{{Addr: addr, ServerName: addr}}})
	}
	return list, nil
}

// Update replaces the list of all connections, present and to come, by these
// addresses. It returns an error, and changes nothing, if one is not of the form
// host:port. Without addresses, calls fail or wait until there are some again.
func (b *Builder) Update(addrs ...string) error {
	list, err := endpoints(addrs)
	if err != nil {
		return err
	}
	b.UpdateEndpoints(list...)
	return nil
}

// UpdateEndpoints is Update for endpoints with several addresses, or with attributes
// such as weights. They are taken as they are.
func (b *Builder) UpdateEndpoints(list ...resolver.Endpoint) {
	b.turn.Lock()
	defer b.turn.Unlock()
	for _, c := range b.replace(append([]resolver.Endpoint{}, list...)) {
		c.tell(list)
	}
}

// add returns what the list was replaced by, nil if it was not.
func (b *Builder) add(c *conn) []resolver.Endpoint {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live[c] = struct{}{}
	return b.list
}

func (b *Builder) replace(list []resolver.Endpoint) []*conn {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = list
	all := make([]*conn, 0, len(b.live))
	for c := range b.live {
		all = append(all, c)
	}
	return all
}

// A conn is the resolver of one connection.
type conn struct {
	resolver.ClientConn
	of *Builder
}

// tell tells gRPC of a list. The error would ask to resolve anew, which could bring
// nothing new.
func (c *conn) tell(list []resolver.Endpoint) {
	s := resolver.State{Endpoints: append([]resolver.Endpoint{}, list...)}
	for _, e := range list {
		s.Addresses = append(s.Addresses, e.Addresses...) // for balancers that know no endpoints
	}
	_ = c.UpdateState(s)
}

// ResolveNow implements [resolver.Resolver]: there is nothing to ask.
func (*conn) ResolveNow(resolver.ResolveNowOptions) {}

// Close implements [resolver.Resolver].
func (c *conn) Close() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	delete(c.of.live, c)
}
