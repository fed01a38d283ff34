package balance_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir/weirgrpc/balance"
)

var ctx = context.Background()

// p2c returns a seeded builder and a channel of it, for which all is connected.
func p2c(t *testing.T, o balance.P2COptions, addrs ...string) (*balance.Builder, *channel) {
	b := balance.NewP2C(o)
	balance.Seed(b, 1)
	c := newChannel(t, b, "{}")
	require.NoError(t, c.resolve(endpoints(addrs...)...))
	synctest.Wait()
	return b, c
}

// calls makes n calls one after the other, which each take as long as took says
// and fail as fail says, and returns how many each address got.
func (c *channel) calls(n int, took func(addr string) time.Duration, fail func(addr string) error) map[string]int {
	got := map[string]int{}
	for range n {
		addr, done := c.pick(ctx)
		got[addr]++
		time.Sleep(took(addr))
		done(fail(addr))
	}
	return got
}

func all(d time.Duration) func(string) time.Duration { return func(string) time.Duration { return d } }
func none(string) error                              { return nil }

// node returns what is known of an address.
func node(t *testing.T, b *balance.Builder, addr string) balance.NodeStats {
	t.Helper()
	for st := range b.Nodes() {
		if st.Node == addr {
			return st
		}
	}
	require.Fail(t, "no node "+addr)
	return balance.NodeStats{}
}

func known(b *balance.Builder) (addrs []string) {
	for st := range b.Nodes() {
		addrs = append(addrs, st.Node)
	}
	return addrs
}

// choose makes calls that last no time until one goes to addr, and returns its end.
// If that does not come about for long, time passes.
func (c *channel) choose(addr string) func(error) {
	for i := range 100_000 {
		if i%100 == 99 {
			time.Sleep(10 * time.Millisecond)
		}
		got, done := c.pick(ctx)
		if got == addr {
			return done
		}
		done(status.Error(codes.Canceled, "")) // nothing is learnt
	}
	require.Fail(c.t, "never picked "+addr)
	return nil
}

// teach makes calls to one address, of a duration.
func (c *channel) teach(addr string, n int, d time.Duration, err error) {
	for range n {
		done := c.choose(addr)
		time.Sleep(d)
		done(err)
	}
}

func TestCallsGoToServersThatAreReadyOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a", "b", "c")
		require.Equal(t, connectivity.Ready, c.state().ConnectivityState)
		c.set("b", true)
		synctest.Wait()
		got := c.calls(1000, all(time.Millisecond), none)
		require.Len(t, got, 2)
		require.NotContains(t, got, "b")
		c.set("a", true)
		c.set("c", true)
		synctest.Wait()
		require.Equal(t, connectivity.TransientFailure, c.state().ConnectivityState)
		_, _, err := c.tryPick(balancer.PickInfo{Ctx: ctx})
		require.ErrorIs(t, err, errDown)
	})
}

func TestCallsWaitWhileNothingIsConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, balance.NewP2C(balance.P2COptions{}), "")
		c.turn.Lock() // no connection gets on
		require.NoError(t, c.resolve(endpoints("a")...))
		require.Equal(t, connectivity.Connecting, c.state().ConnectivityState)
		_, _, err := c.tryPick(balancer.PickInfo{Ctx: ctx})
		require.ErrorIs(t, err, balancer.ErrNoSubConnAvailable)
		c.turn.Unlock()
		synctest.Wait()
		addr, done := c.pick(ctx)
		require.Equal(t, "a", addr)
		done(nil)
	})
}

func TestNoEndpointsIsAnErrorAndEndsAllPicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a")
		require.ErrorIs(t, c.resolve(), balancer.ErrBadResolverState)
		_, _, err := c.tryPick(balancer.PickInfo{Ctx: ctx})
		require.Error(t, err)
	})
}

func TestResolverErrorLeavesServersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a")
		c.lb.ResolverError(errors.New("test"))
		c.lb.ExitIdle()
		synctest.Wait()
		_, done := c.pick(ctx)
		done(nil)

		broken := newChannel(t, balance.NewP2C(balance.P2COptions{}), "")
		broken.lb.ResolverError(errors.New("test: no such name"))
		require.Equal(t, connectivity.TransientFailure, broken.state().ConnectivityState)
	})
}

func TestServerNobodyPicksIsTriedOnceInAWhile(t *testing.T) {
	for name, o := range map[string]balance.P2COptions{"default": {}, "never": {ProbeAfter: -1}} {
		synctest.Test(t, func(t *testing.T) {
			b, c := p2c(t, o, "a", "b", "c")
			slow := func(addr string) time.Duration {
				if addr == "a" {
					return 500 * time.Millisecond
				}
				return time.Millisecond
			}
			c.calls(200, slow, none)
			before := node(t, b, "a").Picks
			begin := time.Now()
			c.calls(10_000, slow, none)
			tried := node(t, b, "a").Picks - before
			if name == "never" {
				require.Zero(t, tried)
				return
			}
			require.InDelta(t, time.Since(begin).Seconds(), tried, 2)
		})
	}
}

func TestFewCallsAreNotSpentOnProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a", "b", "c", "d")
		took := func(addr string) time.Duration {
			if addr == "a" {
				return time.Second
			}
			return time.Millisecond
		}
		c.calls(100, took, none)
		got := map[string]int{}
		for range 1000 { // each server has waited for more than ProbeAfter before every call
			time.Sleep(2 * time.Second)
			for addr, n := range c.calls(1, took, none) {
				got[addr] += n
			}
		}
		require.Less(t, got["a"], 1000/4/3)
		require.Positive(t, got["a"])
	})
}

func TestMostServersBrokenStillLeavesTheGoodOnesTheCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
		good := map[string]bool{"a": true, "b": true, "c": true, "d": true}
		fail := func(addr string) error {
			if good[addr] {
				return nil
			}
			return errBroken
		}
		took := func(addr string) time.Duration {
			if good[addr] {
				return 5 * time.Millisecond
			}
			return 0
		}
		c.calls(1000, took, fail)
		bad := 0
		for addr, n := range c.calls(1000, took, fail) {
			if !good[addr] {
				bad += n
			}
		}
		require.Less(t, bad, 60, "of two draws, both are bad in 333 of 1000 cases")
	})
}

func TestSharesFollowWeights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "x")
		_ = c.resolve(endpoint("a"), endpoint("b"), weight.Set(endpoint("c"), weight.EndpointInfo{Weight: 3}))
		synctest.Wait()
		got := c.calls(10_000, all(time.Millisecond), none)
		require.InDelta(t, 2000, got["a"], 200)
		require.InDelta(t, 2000, got["b"], 200)
		require.InDelta(t, 6000, got["c"], 200)
	})
}

func TestCallsInFlightWeighLessOnAHeavyServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "x")
		_ = c.resolve(endpoint("a"), weight.Set(endpoint("b"), weight.EndpointInfo{Weight: 4}))
		synctest.Wait()
		var ends []func(error)
		for range 1000 { // all at once: nothing is known but what is in flight
			_, done := c.pick(ctx)
			ends = append(ends, done)
		}
		require.InDelta(t, 200, node(t, b, "a").InFlight, 30)
		require.InDelta(t, 800, node(t, b, "b").InFlight, 30)
		for _, done := range ends {
			done(nil)
		}
	})
}

func TestCallsInFlightAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a", "b", "c", "d")
		var ends []func(error)
		for range 400 {
			_, done := c.pick(ctx)
			ends = append(ends, done)
		}
		for st := range b.Nodes() {
			require.InDelta(t, 100, st.InFlight, 12, st.Node)
		}
		for _, done := range ends {
			done(nil)
		}
		for st := range b.Nodes() {
			require.Zero(t, st.InFlight)
		}
	})
}
