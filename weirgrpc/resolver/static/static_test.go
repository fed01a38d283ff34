package static_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"

	"github.com/weirgo/weir/weirgrpc/resolver/static"
)

// A conn remembers what it was told.
type conn struct {
	resolver.ClientConn // nil: nothing else may be called
	mu                  sync.Mutex
	told                []resolver.State
}

func (c *conn) UpdateState(s resolver.State) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, s)
	return nil
}

// last returns the addresses it was told last, each endpoint's in one string.
func (c *conn) last(t *testing.T) (addrs []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	require.NotEmpty(t, c.told)
	s := c.told[len(c.told)-1]
	flat := 0
	for _, e := range s.Endpoints {
		one := ""
		for _, a := range e.Addresses {
			one += a.Addr
			require.Equal(t, a, s.Addresses[flat])
			flat++
		}
		addrs = append(addrs, one)
	}
	require.Len(t, s.Addresses, flat)
	require.NotNil(t, s.Endpoints, "nil would mean that there are addresses only")
	return addrs
}

func target(t *testing.T, text string) resolver.Target {
	u, err := url.Parse(text)
	require.NoError(t, err)
	return resolver.Target{URL: *u}
}

func build(t *testing.T, b *static.Builder, text string) (*conn, resolver.Resolver) {
	c := &conn{}
	r, err := b.Build(target(t, text), c, resolver.BuildOptions{})
	require.NoError(t, err)
	return c, r
}

func TestTargetIsAList(t *testing.T) {
	for text, want := range map[string][]string{
		"static:///a:1":                  {"a:1"},
		"static:///a:1,b:2":              {"a:1", "b:2"},
		"static:///a:1,%20b:http":        {"a:1", "b:http"},
		"static:///[::1]:80,10.0.0.1:80": {"[::1]:80", "10.0.0.1:80"},
		"static:a:1,b:2":                 {"a:1", "b:2"},
		"static://whatever/a:1":          {"a:1"},
	} {
		c, r := build(t, static.NewBuilder(), text)
		require.Equal(t, want, c.last(t), text)
		for i, e := range c.told[0].Endpoints {
			require.Equal(t, want[i], e.Addresses[0].ServerName)
		}
		r.ResolveNow(resolver.ResolveNowOptions{})
		r.Close()
		require.Len(t, c.told, 1)
	}
}

func TestTargetThatIsNoListIsAnError(t *testing.T) {
	for _, text := range []string{
		"static:///", "static:///a", "static:///a:1,", "static:///,a:1", "static:///a:1,b", "static:///a:", "static:///::1:80",
	} {
		c := &conn{}
		_, err := static.NewBuilder().Build(target(t, text), c, resolver.BuildOptions{})
		require.ErrorContains(t, err, "static: ", text)
		require.Empty(t, c.told)
	}
}

func TestUpdateReachesAllConnectionsPresentAndToCome(t *testing.T) {
	b := static.NewBuilder()
	first, closeFirst := build(t, b, "static:///a:1")
	second, _ := build(t, b, "static:///b:1")
	require.NoError(t, b.Update("c:1", "d:1"))
	third, _ := build(t, b, "static:///e:1")
	fourth, _ := build(t, b, "static:///")
	for _, c := range []*conn{first, second, third, fourth} {
		require.Equal(t, []string{"c:1", "d:1"}, c.last(t))
	}
	closeFirst.Close()
	require.NoError(t, b.Update())
	require.Empty(t, second.last(t))
	require.Equal(t, []string{"c:1", "d:1"}, first.last(t), "it is closed")
	fifth, _ := build(t, b, "static:///e:1")
	require.Empty(t, fifth.last(t), "an empty list is one, too")
}

func TestUpdateByABadAddressChangesNothing(t *testing.T) {
	b := static.NewBuilder()
	c, _ := build(t, b, "static:///a:1")
	require.ErrorContains(t, b.Update("b:1", "c"), `"c" is not of the form host:port`)
	require.Len(t, c.told, 1)
}

func TestBuildThatFailsIsForgotten(t *testing.T) {
	b := static.NewBuilder()
	c := &conn{}
	_, err := b.Build(target(t, "static:///"), c, resolver.BuildOptions{})
	require.Error(t, err)
	require.NoError(t, b.Update("a:1"))
	require.Empty(t, c.told)
}

func TestEndpointsAreTakenAsTheyAre(t *testing.T) {
	b := static.NewBuilder()
	c, _ := build(t, b, "static:///a:1")
	heavy := resolver.Endpoint{Addresses: []resolver.Address{{Addr: "x"}, {Addr: "y"}}}
	heavy = weight.Set(heavy, weight.EndpointInfo{Weight: 3})
	list := []resolver.Endpoint{heavy, {Addresses: []resolver.Address{{Addr: "z"}}}}
	b.UpdateEndpoints(list...)
	list[0] = resolver.Endpoint{} // the caller's again
	require.Equal(t, []string{"xy", "z"}, c.last(t))
	require.EqualValues(t, 3, weight.FromEndpoint(c.told[1].Endpoints[0]).Weight)
	late, _ := build(t, b, "static:///")
	require.Equal(t, []string{"xy", "z"}, late.last(t))
	late.told[0].Endpoints[0] = resolver.Endpoint{} // that of the one it was told
	other, _ := build(t, b, "static:///")
	require.Equal(t, []string{"xy", "z"}, other.last(t))
}

func TestAuthorityIsTheFirstAddress(t *testing.T) {
	b := static.NewBuilder()
	require.Equal(t, "a:1", b.OverrideAuthority(target(t, "static:///a:1,b:2")))
	require.Equal(t, "localhost", b.OverrideAuthority(target(t, "static:///")))
	require.Equal(t, "static", b.Scheme())
}

func TestUpdatesAtOnceEndWithTheSameListEverywhere(t *testing.T) {
	b := static.NewBuilder()
	var conns []*conn
	for range 4 {
		c, _ := build(t, b, "static:///a:1")
		conns = append(conns, c)
	}
	var wg sync.WaitGroup
	for _, addr := range []string{"b:1", "c:1", "d:1", "e:1"} {
		wg.Go(func() {
			for range 100 {
				_ = b.Update(addr)
				late := &conn{}
				r, err := b.Build(target(t, "static:///"), late, resolver.BuildOptions{})
				if err == nil {
					r.Close()
				}
			}
		})
	}
	wg.Wait()
	for _, c := range conns {
		require.Equal(t, conns[0].last(t), c.last(t))
	}
}

func TestUpdateDoesNotOvertakeAnother(t *testing.T) {
	b := static.NewBuilder()
	c := &slowConn{}
	_, err := b.Build(target(t, "static:///a:1"), c, resolver.BuildOptions{})
	require.NoError(t, err)
	var next sync.WaitGroup
	c.before = func() { // another update begins while gRPC takes in the first
		c.before = nil
		done := make(chan struct{})
		next.Go(func() {
			defer close(done)
			_ = b.Update("c:1")
		})
		select {
		case <-done: // too early: what it told will be overwritten
		case <-time.After(20 * time.Millisecond):
		}
	}
	require.NoError(t, b.Update("b:1"))
	next.Wait()
	require.Equal(t, []string{"c:1"}, c.last(t))
}

// A slowConn does something before it takes in what it is told.
type slowConn struct {
	conn
	before func()
}

func (c *slowConn) UpdateState(s resolver.State) error {
	if c.before != nil {
		c.before()
	}
	return c.conn.UpdateState(s)
}

func TestConnectionThatIsClosedDuringUpdatesDoesNotHang(t *testing.T) {
	b := static.NewBuilder()
	for range 20 {
		cc, err := grpc.NewClient("static:///127.0.0.1:1", grpc.WithResolvers(b),
			grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		cc.Connect()
		var wg sync.WaitGroup
		wg.Go(func() { _ = b.Update("127.0.0.1:1", "127.0.0.1:2") })
		wg.Go(func() { _ = cc.Close() })
		wg.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		for s := cc.GetState(); s != connectivity.Shutdown; s = cc.GetState() {
			require.True(t, cc.WaitForStateChange(ctx, s))
		}
		cancel()
	}
}
