package balance_test

import (
	"encoding/json"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc/balance"
)

func TestServiceConfigThatIsImpossibleIsAnError(t *testing.T) {
	b := balance.NewConsistentHash(balance.HashOptions{})
	for _, config := range []string{
		`{"decay": 1}`, `{"decay": "1"}`, `{"decay": "x"}`, `{"decay": "1us"}`, `{"decay": "-1s"}`, `{"load": 0.5}`,
		`{"load": "2"}`, `{"slots": 100}`, `{"slots": 1.5}`, `[]`, `"x"`, `{`, `{"slowStart": true}`,
	} {
		_, err := b.ParseConfig(json.RawMessage(config))
		require.Error(t, err, config)
	}
	for _, config := range []string{
		`{}`, `null`, `{"decay": null}`, `{"somethingNew": 1}`, `{"decay": "1.5s", "slowStart": "-1s", "probeAfter": "0s"}`,
		`{"longCall": "1h", "load": -1, "slots": 64}`, `{"load": 1}`,
	} {
		_, err := b.ParseConfig(json.RawMessage(config))
		require.NoError(t, err, config)
	}
}

func TestServiceConfigHasPrecedence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := balance.NewP2C(balance.P2COptions{Decay: time.Hour, LongCall: time.Minute, SlowStart: -1})
		balance.Seed(b, 1)
		c := newChannel(t, b, `{"decay": "1s", "longCall": "2s"}`)
		_ = c.resolve(endpoints("a")...)
		synctest.Wait()
		c.teach("a", 1, 2*time.Second, nil)
		require.Equal(t, 2*time.Second, node(t, b, "a").Latency)
		c.teach("a", 1, 2*time.Second+1, nil)
		require.Equal(t, 2*time.Second, node(t, b, "a").Latency)
		c.teach("a", 1, time.Second, nil)
		require.InDelta(t, 1+1/2.71828, node(t, b, "a").Latency.Seconds(), 1e-3)
		_ = c.resolve(endpoints("a", "b")...)
		time.Sleep(time.Minute)
		_ = c.resolve(endpoints("a", "b", "c")...)
		synctest.Wait()
		require.Less(t, 0.5, c.shareOf("c", 1000), "what it does not say is as in the options")
	})
}

func TestServiceConfigMayChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a")
		c.teach("a", 1, 2*time.Second, nil)
		c.config, _ = b.ParseConfig(json.RawMessage(`{"longCall": "1s"}`))
		require.NoError(t, c.resolve(endpoints("a")...))
		c.teach("a", 1, 4*time.Second, nil)
		require.Equal(t, 2*time.Second, node(t, b, "a").Latency)
		c.config = nil
		require.NoError(t, c.resolve(endpoints("a")...))
		c.teach("a", 1, 4*time.Second, nil)
		require.Equal(t, 3*time.Second, node(t, b, "a").Latency)
	})
}

func TestConfigOfAnotherBalancerIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a")
		other := balancer.Get("least_request_experimental").(balancer.ConfigParser)
		c.config, _ = other.ParseConfig(json.RawMessage(`{}`))
		require.ErrorContains(t, c.resolve(endpoints("b")...), "another balancer")
		addr, done := c.pick(ctx)
		require.Equal(t, "a", addr)
		done(nil)
	})
}

func TestImpossibleOptionsPanic(t *testing.T) {
	for _, o := range []balance.P2COptions{{Decay: -1}, {Decay: 1}, {Decay: math.MaxInt64}} {
		require.Error(t, o.Validate())
		require.Panics(t, func() { balance.NewP2C(o) })
		require.Panics(t, func() { balance.RegisterP2C(o) })
		require.Panics(t, func() { balance.NewConsistentHash(balance.HashOptions{P2C: o}) })
	}
	for _, o := range []balance.HashOptions{{Load: 0.5}, {Load: math.NaN()}, {Slots: 3}, {Slots: -1}} {
		require.Error(t, o.Validate())
		require.Panics(t, func() { balance.RegisterConsistentHash(o) })
	}
	require.NoError(t, balance.P2COptions{}.Validate())
	require.NoError(t, balance.HashOptions{}.Validate())
	longest := balance.P2COptions{SlowStart: math.MaxInt64, ProbeAfter: math.MaxInt64, LongCall: math.MaxInt64}
	require.NoError(t, longest.Validate())
}

// What is registered when nothing but imports has happened.
var byImport = []balancer.Builder{balancer.Get(balance.P2C), balancer.Get(balance.ConsistentHash)}

func TestRegistrationIsOnDemandAndByName(t *testing.T) {
	require.Equal(t, []balancer.Builder{nil, nil}, byImport)
	p := balance.RegisterP2C(balance.P2COptions{})
	require.Same(t, p, balancer.Get("p2c_ewma"))
	h := balance.RegisterConsistentHash(balance.HashOptions{})
	require.Same(t, h, balancer.Get("consistent_hash"))
	require.NotNil(t, balancer.Get(roundrobin.Name))
}

func TestClassifyIsAskedAboutEveryEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{Classify: func(err error) weir.Outcome {
			if err == nil {
				return weir.Overloaded
			}
			return weir.Success
		}}, "a")
		c.teach("a", 1, time.Millisecond, nil)
		require.Equal(t, 7./8, node(t, b, "a").Success)
		c.teach("a", 1, time.Millisecond, errBroken)
		require.Equal(t, 7./8+1./64, node(t, b, "a").Success)
	})
}

func TestClassifyThatPanicsLeavesNothingInFlight(t *testing.T) {
	for _, classify := range []func(error) weir.Outcome{
		func(error) weir.Outcome { panic("test") },
		func(error) weir.Outcome { return 9 },
	} {
		synctest.Test(t, func(t *testing.T) {
			b := balance.NewConsistentHash(balance.HashOptions{Load: 1, P2C: balance.P2COptions{Classify: classify}})
			c := newChannel(t, b, "")
			_ = c.resolve(endpoints("a", "b")...)
			synctest.Wait()
			_, done := c.pick(balance.WithHashKey(ctx, "k"))
			func() {
				defer func() {
					require.Contains(t, []any{"test", "balance: Classify returned an unknown outcome(9)"}, recover())
				}()
				done(nil)
			}()
			for st := range b.Nodes() {
				require.Zero(t, st.InFlight)
			}
			first, _ := c.pick(balance.WithHashKey(ctx, "k"))
			_, done = c.pick(balance.WithHashKey(ctx, "k"))
			require.Panics(t, func() { done(nil) })
			second, _ := c.pick(balance.WithHashKey(ctx, "k"))
			require.NotEqual(t, first, second, "one in flight is all a server may have of one, or of two")
		})
	}
}

func TestSlowStartAndProbesCanBeConfigured(t *testing.T) {
	for config, share := range map[string]float64{
		`{"slowStart": "4s"}`: 0.3 / 2.1, `{"slowStart": "-1s"}`: 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := balance.NewP2C(balance.P2COptions{SlowStart: time.Second})
			balance.Seed(b, 1)
			c := newChannel(t, b, config)
			_ = c.resolve(endpoints("a", "b")...)
			time.Sleep(time.Minute)
			_ = c.resolve(endpoints("a", "b", "c")...)
			time.Sleep(time.Millisecond)
			require.InDelta(t, share, c.shareOf("c", 10_000), 0.1, config)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := balance.NewP2C(balance.P2COptions{ProbeAfter: -1})
		balance.Seed(b, 1)
		c := newChannel(t, b, `{"probeAfter": "2s"}`)
		_ = c.resolve(endpoints("a", "b")...)
		synctest.Wait()
		c.teach("b", 1, time.Millisecond, nil)
		c.teach("a", 1, time.Second, nil)
		c.choose("a")(errBroken)
		got := c.calls(10_000, all(time.Millisecond), none)
		require.InDelta(t, 5, got["a"], 1, "one every two seconds")
	})
}

func TestEachSettingOfTheRingMayChangeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := balance.NewConsistentHash(balance.HashOptions{})
		c := newChannel(t, b, `{"load": 1}`)
		set := func(config string) {
			c.config, _ = b.ParseConfig(json.RawMessage(config))
			require.NoError(t, c.resolve(endpoints("a", "b", "c", "d")...))
			synctest.Wait()
		}
		servers := func() int { // that four calls at a time go to
			went := map[string]bool{}
			for range 4 {
				addr, _ := c.pick(balance.WithHashKey(ctx, "hot"))
				went[addr] = true
			}
			return len(went)
		}
		set(`{"load": 1}`)
		require.Equal(t, 4, servers())
		set(`{"load": -1}`)
		require.Equal(t, 1, servers())
		before := c.homes()
		set(`{"load": -1, "slots": 64}`)
		require.NotEqual(t, before, c.homes())
	})
}
