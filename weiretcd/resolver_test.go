package weiretcd_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weiretcd"
)

const orders = "services/orders/"

// follow builds a resolver of services/orders in a bubble, and waits for its list.
func follow(t *testing.T, o weiretcd.ResolverOptions, keys ...string) (*fake, *weiretcd.Resolver, *grpcClient) {
	t.Helper()
	etcd, client := newFake()
	for _, k := range keys {
		etcd.set(orders+k, addr(k))
	}
	r := weiretcd.NewResolver(client, o)
	cc, built := build(t, r, "etcd:///services/orders")
	t.Cleanup(built.Close)
	synctest.Wait()
	return etcd, r, cc
}

func addr(key string) string { return key + ":80" }

func addrs(keys ...string) []string {
	list := []string{}
	for _, k := range keys {
		list = append(list, addr(k))
	}
	return list
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestListAndChangesReachGRPCInOrderAndEachAddressOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "c", "a")
		etcd.set("services/orders2/x", "x:80")
		require.Equal(t, addrs("a", "c"), cc.has())

		etcd.set(orders+"b", addr("b"))
		etcd.set(orders+"again", addr("a"))
		etcd.unset(orders + "c")
		synctest.Wait()
		require.Equal(t, 1, cc.count(), "changes settle first")
		pass(10 * time.Millisecond)
		require.Equal(t, addrs("a", "b"), cc.has())
		require.Equal(t, 2, cc.count())

		etcd.unset(orders + "a") // both keys of that address begin with it
		pass(10 * time.Millisecond)
		require.Equal(t, addrs("b"), cc.has())
		require.Equal(t, weiretcd.ResolverStats{Targets: 1, Endpoints: 1, Lists: 1, Updates: 3}, r.Stats())
	})
}

func TestRestartOfManyIsOneUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys []string
		for i := range 1000 {
			keys = append(keys, fmt.Sprintf("%04d", i))
		}
		etcd, _, cc := follow(t, weiretcd.ResolverOptions{}, keys...)
		require.Len(t, cc.has(), 1000)
		for _, k := range keys {
			etcd.unset(orders + k)
			etcd.set(orders+k, "new"+addr(k))
		}
		pass(10 * time.Millisecond)
		require.Equal(t, 2, cc.count())
		require.Equal(t, "new0000:80", cc.has()[0])
	})
}

func TestEndlessChangesAreHandedOutAfterTenTimesSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, _, cc := follow(t, weiretcd.ResolverOptions{Settle: 10 * time.Millisecond}, "a")
		for i := range 101 {
			etcd.set(orders+fmt.Sprint(i), fmt.Sprintf("h%d:80", i))
			pass(time.Millisecond)
		}
		require.Equal(t, 2, cc.count())
		require.Greater(t, len(cc.has()), 90)
	})
}

func TestWithoutSettleChangesAreHandedOutAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, _, cc := follow(t, weiretcd.ResolverOptions{Settle: -1}, "a")
		etcd.set(orders+"b", addr("b"))
		synctest.Wait()
		require.Equal(t, addrs("a", "b"), cc.has())
	})
}

func TestLongListsAreReadInPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys []string
		for i := range 1234 {
			keys = append(keys, fmt.Sprintf("%04d", i))
		}
		etcd, _, cc := follow(t, weiretcd.ResolverOptions{}, keys...)
		require.Equal(t, addrs(keys...), cc.has())
		require.Equal(t, 3, etcd.gets)
	})
}

func TestServiceWithoutInstancesIsAnEmptyList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{})
		require.Equal(t, []string{}, cc.has())
		require.True(t, statsOf(r, "services/orders").Empty)
		require.False(t, statsOf(r, "services/orders").Stale)
		etcd.set(orders+"a", addr("a"))
		pass(10 * time.Millisecond)
		require.Equal(t, addrs("a"), cc.has())
	})
}

func TestTargetsOfClientsThatAreGoneAreForgottenInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
		for i := range 300 {
			name := fmt.Sprintf("s%03d", i)
			etcd.set(name+"/a", addr("a"))
			_, built := build(t, r, "etcd:///"+name)
			synctest.Wait()
			built.Close()
		}
		etcd.stop()
		remembered := 0
		for i := range 300 {
			cc, built := build(t, r, fmt.Sprintf("etcd:///s%03d", i))
			pass(3 * time.Second)
			if cc.has() != nil {
				remembered++
			}
			built.Close()
		}
		require.LessOrEqual(t, remembered, 100)
		require.NotZero(t, remembered)
	})
}

func TestBadValuesAreCountedAndCostNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a", "b")
		for i, bad := range []string{"", "{", `{"Addr":7}`, "no port", "\x00\x1b[2J:80", strings.Repeat("x", 1<<20)} {
			etcd.set(fmt.Sprintf("%sbad%d", orders, i), bad)
		}
		etcd.set(orders+"a", "{") // it was good: its owner is there still
		etcd.set(orders+"c", addr("c"))
		pass(10 * time.Millisecond)
		require.Equal(t, addrs("a", "b", "c"), cc.has())
		require.Equal(t, uint64(7), r.Stats().Skipped)
		err := statsOf(r, "services/orders").LastError
		require.ErrorContains(t, err, `key "services/orders/a": weiretcd: bad JSON`)
		require.Less(t, len(err.Error()), 300)

		pass(time.Hour)
		require.Equal(t, uint64(1), r.Stats().Lists, "bad keys are keys: nothing is missing")
		etcd.unset(orders + "a")
		pass(10 * time.Millisecond)
		require.Equal(t, addrs("b", "c"), cc.has())
	})
}

func TestWeightAndMetadataReachBalancersAndCostNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, _, cc := follow(t, weiretcd.ResolverOptions{}, "a")
		before := cc.last().Endpoints[0].Addresses[0]
		etcd.set(orders+"a", `{"addr":"a:80","weight":3,"metadata":{"zone": "b"}}`)
		pass(10 * time.Millisecond)
		now := cc.last().Endpoints[0]
		require.True(t, before.Equal(now.Addresses[0]))
		e, ok := weiretcd.FromAttributes(now.Attributes)
		require.True(t, ok)
		require.Equal(t, weiretcd.Endpoint{Addr: "a:80", Weight: 3, Metadata: `{"zone":"b"}`}, e)
		require.Equal(t, uint32(3), weight.FromEndpoint(now).Weight)
		_, ok = weiretcd.FromAttributes(nil)
		require.False(t, ok)
	})
}

func TestOfTwoKeysWithOneAddressTheLaterWriteCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, _, cc := follow(t, weiretcd.ResolverOptions{})
		weighs := func() int {
			pass(10 * time.Millisecond)
			e, _ := weiretcd.FromAttributes(cc.last().Endpoints[0].Attributes)
			return e.Weight
		}
		etcd.set(orders+"1", `{"Addr":"a:80","Weight":1}`)
		etcd.set(orders+"2", `{"Addr":"a:80","Weight":2}`)
		require.Equal(t, 2, weighs())
		etcd.set(orders+"1", `{"Addr":"a:80","Weight":5}`)
		require.Equal(t, 5, weighs())
		etcd.unset(orders + "1")
		require.Equal(t, 2, weighs())
	})
}

func TestTargetsOfAnotherFormAreRefused(t *testing.T) {
	_, client := newFake()
	r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
	for _, bad := range []string{"etcd://services/orders", "etcd:///", "etcd:////", "etcd:///a?b=c", "etcd:///a#b"} {
		u, err := parse(bad)
		require.NoError(t, err)
		_, err = r.Build(resolver.Target{URL: *u}, &grpcClient{}, resolver.BuildOptions{})
		require.ErrorContains(t, err, "etcd:///services/orders", bad)
	}
	require.Zero(t, r.Stats().Targets)
}

func TestResolverRefusesImpossibleOptions(t *testing.T) {
	_, client := newFake()
	require.PanicsWithValue(t, "weiretcd: NewResolver needs a client", func() {
		weiretcd.NewResolver(nil, weiretcd.ResolverOptions{})
	})
	require.PanicsWithValue(t, "weiretcd: ResolverOptions.Timeout must not be negative", func() {
		weiretcd.NewResolver(client, weiretcd.ResolverOptions{Timeout: -1})
	})
}

func TestNothingIsRegisteredGlobally(t *testing.T) {
	_, client := newFake()
	r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
	require.Nil(t, resolver.Get(r.Scheme()))
}

func TestClientThatHangsHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a")
		hangs := &grpcClient{block: make(chan struct{})}
		built := buildFor(t, r, "etcd:///services/orders", hangs)
		defer built.Close()
		etcd.set(orders+"b", addr("b"))
		etcd.stop()
		pass(time.Minute)
		etcd.start()
		etcd.set(orders+"c", addr("c"))
		pass(time.Minute)
		require.Equal(t, addrs("a", "b", "c"), cc.has())
		require.Equal(t, 1, r.Stats().Targets)
		require.Nil(t, hangs.has())
		close(hangs.block)
		pass(time.Minute)
		require.Equal(t, addrs("a", "b", "c"), hangs.has())
	})
}

func TestMetricsTellOfEachTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, _ := follow(t, weiretcd.ResolverOptions{}, "a", "b")
		etcd.stop()
		pass(time.Minute)
		var lines []string
		var source weir.Source = r
		source.Metrics(func(m weir.Metric) bool {
			if len(m.Labels) > 0 && m.Name != "weir_etcd_stale_seconds" {
				lines = append(lines, fmt.Sprint(m.Name, m.Labels, m.Value))
			}
			return true
		})
		require.Equal(t, []string{
			"weir_etcd_endpoints[{target services/orders}] 2",
			"weir_etcd_stale[{target services/orders}] 1",
			"weir_etcd_empty[{target services/orders}] 0",
		}, lines)
		for stop := 1; stop <= 10; stop++ {
			n := 0
			source.Metrics(func(weir.Metric) bool { n++; return n < stop })
			require.Equal(t, stop, n)
		}
	})
}
