package balance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/ringhash"

	"github.com/weirgo/weir/hash"
	"github.com/weirgo/weir/weirgrpc/balance"
)

func hashing(t *testing.T, o balance.HashOptions, addrs ...string) (*balance.Builder, *channel) {
	b := balance.NewConsistentHash(o)
	balance.Seed(b, 1)
	c := newChannel(t, b, "")
	require.NoError(t, c.resolve(endpoints(addrs...)...))
	synctest.Wait()
	return b, c
}

// home makes a call about a key, alone, and returns where it went.
func (c *channel) home(key string) string {
	addr, done := c.pick(balance.WithHashKey(ctx, key))
	done(nil)
	return addr
}

func (c *channel) homes() map[string]string {
	all := map[string]string{}
	for i := range 1000 {
		key := "key " + strconv.Itoa(i)
		all[key] = c.home(key)
	}
	return all
}

// reference is a ring of nodes as all clients should have it.
func reference(t *testing.T, slots int, weights map[string]int) *hash.Ring[string] {
	r := hash.NewRing[string](hash.RingOptions[string]{Slots: slots})
	for name, w := range weights {
		require.NoError(t, r.Add(name, w))
	}
	return r
}

func TestKeysAreWhereAnyClientFindsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := hashing(t, balance.HashOptions{}, "a:1", "b:1", "c:1", "d:1")
		ring := reference(t, 1<<16, map[string]int{"a:1": 1, "b:1": 1, "c:1": 1, "d:1": 1})
		count := map[string]int{}
		for key, addr := range c.homes() {
			want, _ := ring.Get(key)
			require.Equal(t, want, addr)
			count[addr]++
		}
		for _, n := range count {
			require.InDelta(t, 250, n, 60)
		}
	})
}

func TestKeysGoByWeightAndByHashKeyOfTheEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := hashing(t, balance.HashOptions{}, "x")
		list := []resolver.Endpoint{
			ringhash.SetHashKey(endpoint("10.0.0.7:1"), "shard 1"),
			weight.Set(ringhash.SetHashKey(endpoint("10.0.0.8:1"), "shard 2"), weight.EndpointInfo{Weight: 3}),
			endpoint("b2", "b1"),
		}
		_ = c.resolve(list...)
		synctest.Wait()
		ring := reference(t, 1<<16, map[string]int{"shard 1": 1, "shard 2": 3, "b1": 1})
		addr := map[string]string{"shard 1": "10.0.0.7:1", "shard 2": "10.0.0.8:1", "b1": "b2"}
		check := func() {
			for key, got := range c.homes() {
				want, _ := ring.Get(key)
				require.Equal(t, addr[want], got)
			}
		}
		check()
		list[0] = ringhash.SetHashKey(endpoint("10.9.9.9:1"), "shard 1") // it moved
		addr["shard 1"] = "10.9.9.9:1"
		_ = c.resolve(list...)
		synctest.Wait()
		check()
		list[0] = ringhash.SetHashKey(endpoint("10.9.9.9:1"), "shard 9") // only the name changes
		ring.Remove("shard 1")
		require.NoError(t, ring.Add("shard 9", 1))
		addr["shard 9"] = "10.9.9.9:1"
		_ = c.resolve(list...)
		synctest.Wait()
		check()
		list[1] = weight.Set(list[1], weight.EndpointInfo{Weight: 1}) // only the weight
		require.NoError(t, ring.Add("shard 2", 1))
		_ = c.resolve(list...)
		synctest.Wait()
		check()
	})
}

func TestServersOfOneNameAreAllUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := hashing(t, balance.HashOptions{}, "x")
		var list []resolver.Endpoint
		for _, addr := range []string{"a", "b", "c"} {
			list = append(list, ringhash.SetHashKey(endpoint(addr), "same"))
		}
		_ = c.resolve(list...)
		synctest.Wait()
		first := map[string]bool{}
		for key, addr := range c.homes() {
			first[addr] = true
			require.Equal(t, addr, c.home(key))
		}
		require.Len(t, first, 3)
	})
}

func TestKeysMoveOnlyToAServerThatJoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := hashing(t, balance.HashOptions{}, "a", "b", "c", "d")
		before := c.homes()
		_ = c.resolve(endpoints("a", "b", "c", "d", "e")...)
		synctest.Wait()
		moved := 0
		for key, addr := range c.homes() {
			if addr != before[key] {
				require.Equal(t, "e", addr)
				moved++
			}
		}
		require.InDelta(t, 200, moved, 60)
		_ = c.resolve(endpoints("d", "c", "b", "a")...)
		synctest.Wait()
		require.Equal(t, before, c.homes())
	})
}

func TestKeysOfAServerThatIsDownGoToTheirNextOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := hashing(t, balance.HashOptions{}, "a", "b", "c", "d")
		ring := reference(t, 1<<16, map[string]int{"a": 1, "b": 1, "c": 1, "d": 1})
		before := c.homes()
		c.set("b", true)
		c.set("d", true)
		synctest.Wait()
		for key, addr := range c.homes() {
			for _, next := range ring.GetN(key, 4) {
				if next == "a" || next == "c" {
					require.Equal(t, next, addr)
					break
				}
			}
		}
		c.set("b", false)
		c.set("d", false)
		synctest.Wait()
		require.Equal(t, before, c.homes())
		for _, addr := range []string{"a", "b", "c", "d"} {
			c.set(addr, true)
		}
		synctest.Wait()
		_, err := c.state().Picker.Pick(info(balance.WithHashKey(ctx, "k")))
		require.ErrorIs(t, err, errDown)
	})
}

func TestNoServerGetsMuchMoreThanItsShareOfAHotKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := hashing(t, balance.HashOptions{Load: 1.25}, "a", "b", "c", "d")
		var ends []func(error)
		first := c.home("hot")
		for i := range 400 {
			_, done := c.pick(balance.WithHashKey(ctx, "hot"))
			ends = append(ends, done)
			for st := range b.Nodes() {
				require.LessOrEqual(t, float64(st.InFlight), 1.25*float64(i+1)/4+1)
			}
		}
		require.Equal(t, 125, node(t, b, first).InFlight, "as many as it may have")
		for _, done := range ends {
			done(nil)
		}
		require.Equal(t, first, c.home("hot"))
	})
}

// A client with 100 calls in flight on 10 servers: how many go elsewhere?
func TestMostKeysStayAtHomeUnderTheDefaultBound(t *testing.T) {
	for load, atLeast := range map[float64]float64{1.25: 0.80, 0: 0.90, 2: 0.97} {
		synctest.Test(t, func(t *testing.T) {
			addrs := make([]string, 10)
			weights := map[string]int{}
			for i := range addrs {
				addrs[i] = "s" + strconv.Itoa(i)
				weights[addrs[i]] = 1
			}
			_, c := hashing(t, balance.HashOptions{Load: load}, addrs...)
			ring := reference(t, 1<<16, weights)
			rng := rand.New(rand.NewPCG(1, 1))
			ends := make([]func(error), 100)
			home := 0
			for i := range 20_000 {
				key := fmt.Sprint(rng.IntN(10_000))
				slot := rng.IntN(len(ends))
				if ends[slot] != nil {
					ends[slot](nil)
				}
				addr, done := c.pick(balance.WithHashKey(ctx, key))
				ends[slot] = done
				if want, _ := ring.Get(key); i >= 1000 && addr == want {
					home++
				}
			}
			t.Logf("load %v: %.1f %% at home", load, float64(home)/190)
			require.Greater(t, float64(home)/19_000, atLeast)
		})
	}
}

func TestWithoutABoundAKeyNeverMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := hashing(t, balance.HashOptions{Load: -1}, "a", "b", "c", "d")
		first := c.home("hot")
		for range 400 {
			addr, _ := c.pick(balance.WithHashKey(ctx, "hot"))
			require.Equal(t, first, addr)
		}
		require.Equal(t, 400, node(t, b, first).InFlight)
	})
}

func TestCallsWithoutAKeyGoByLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := hashing(t, balance.HashOptions{}, "a", "b", "c", "d")
		var ends []func(error)
		for range 200 { // calls with a key count for those without
			_, done := c.pick(balance.WithHashKey(ctx, "hot"))
			ends = append(ends, done)
		}
		for range 200 {
			_, done := c.pick(balance.WithHashKey(ctx, ""))
			ends = append(ends, done)
			_, done = c.pick(ctx)
			ends = append(ends, done)
		}
		for st := range b.Nodes() {
			require.InDelta(t, 150, st.InFlight, 15, st.Node)
		}
		for _, done := range ends {
			done(nil)
		}
	})
}

func TestHashKeyIsThatOfTheInnermostContext(t *testing.T) {
	require.Empty(t, balance.HashKey(ctx))
	outer := balance.WithHashKey(ctx, "a")
	require.Equal(t, "b", balance.HashKey(balance.WithHashKey(outer, "b")))
	require.Equal(t, "a", balance.HashKey(outer))
}

func TestNewConfigOfTheRingHoldsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := hashing(t, balance.HashOptions{}, "a", "b", "c", "d")
		first := c.home("hot")
		_, old := c.pick(balance.WithHashKey(ctx, "hot"))
		c.config, _ = b.ParseConfig(json.RawMessage(`{"load": -1, "slots": 1024}`))
		require.NoError(t, c.resolve(endpoints("a", "b", "c", "d")...))
		old(nil) // a call of the ring before
		ring := reference(t, 1024, map[string]int{"a": 1, "b": 1, "c": 1, "d": 1})
		for key, addr := range c.homes() {
			want, _ := ring.Get(key)
			require.Equal(t, want, addr)
		}
		c.config, _ = b.ParseConfig(json.RawMessage(`{"load": 1}`))
		require.NoError(t, c.resolve(endpoints("a", "b", "c", "d")...))
		require.Equal(t, first, c.home("hot"))
		went := map[string]bool{}
		for range 4 {
			addr, _ := c.pick(balance.WithHashKey(ctx, "hot"))
			went[addr] = true
		}
		require.Len(t, went, 4)
	})
}

func TestServersThatShareAnAddressKeepTheirKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var before map[string]string
		for range 3 { // clients
			_, c := hashing(t, balance.HashOptions{}, "x")
			for range 10 {
				_ = c.resolve(endpoint("b", "a"), endpoint("c", "a"), endpoint("d", "a"))
				synctest.Wait()
				homes := c.homes()
				if before == nil {
					before = homes
				}
				require.True(t, maps.Equal(before, homes), "keys have moved")
			}
		}
	})
}
