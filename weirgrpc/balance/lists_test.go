package balance_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"

	"github.com/weirgo/weir/weirgrpc/balance"
)

// Each change of the list made go-zero's balancer forget everything.
func TestWhatIsKnownOutlivesChangesOfTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a", "b", "c")
		slow := func(addr string) time.Duration {
			if addr == "a" {
				return 100 * time.Millisecond
			}
			return time.Millisecond
		}
		c.teach("b", 1, time.Millisecond, nil)
		c.teach("a", 5, 100*time.Millisecond, nil)
		before := node(t, b, "a")
		require.Greater(t, before.Latency, 50*time.Millisecond)

		heavy := weight.Set(endpoint("a"), weight.EndpointInfo{Weight: 7})
		for name, list := range map[string][]resolver.Endpoint{
			"one joins":       endpoints("a", "b", "c", "d"),
			"order":           endpoints("c", "b", "a"),
			"another weight":  append(endpoints("b", "c"), heavy),
			"it leaves":       endpoints("b", "c"),
			"it comes back":   endpoints("a", "b", "c"),
			"listed twice":    endpoints("a", "a", "b", "c"),
			"two of it leave": endpoints("a"),
		} {
			require.NoError(t, c.resolve(list...), name)
			synctest.Wait()
			require.Equal(t, before.Latency, node(t, b, "a").Latency, name)
			require.Equal(t, before.Picks, node(t, b, "a").Picks, name)
		}
		require.NoError(t, c.resolve(endpoints("a", "b", "c")...))
		synctest.Wait()
		require.Less(t, c.calls(300, slow, none)["a"], 10)
	})
}

func TestCallsInFlightAreCountedAcrossChangesOfTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a", "b")
		done := c.choose("a")
		_ = c.resolve(endpoints("b")...)
		synctest.Wait()
		require.False(t, node(t, b, "a").Ready)
		require.True(t, node(t, b, "b").Ready)
		_ = c.resolve(endpoints("a", "b")...)
		synctest.Wait()
		require.Equal(t, 1, node(t, b, "a").InFlight)
		done(nil)
		require.Zero(t, node(t, b, "a").InFlight)
	})
}

// The list may be the same for long, and no connection may break.
func TestServerThatFlickersAfterAQuietTimeIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a", "b")
		done := c.choose("a")
		time.Sleep(2 * time.Minute)
		_ = c.resolve(endpoints("b")...)
		synctest.Wait()
		time.Sleep(time.Second)
		_ = c.resolve(endpoints("a", "b")...)
		synctest.Wait()
		require.NotZero(t, node(t, b, "a").Picks)
		require.Equal(t, 1, node(t, b, "a").InFlight)
		done(nil)
		require.Zero(t, node(t, b, "a").InFlight)
	})
}

func TestServerOfOtherAttributesIsAnotherOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a", "b")
		c.teach("a", 1, time.Second, nil)
		other := endpoint("a")
		other.Addresses[0].Attributes = attributes.New("version", 2)
		_ = c.resolve(other, endpoint("b"))
		synctest.Wait()
		require.Zero(t, node(t, b, "a").Picks)
		require.Zero(t, node(t, b, "a").Latency)

		named := endpoint("b")
		named.Addresses[0].ServerName = "another"
		c.choose("b")(nil)
		_ = c.resolve(other, named)
		synctest.Wait()
		require.Zero(t, node(t, b, "b").Picks)
	})
}

func TestServerOfSeveralAddressesIsOneWhateverTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "x")
		_ = c.resolve(endpoint("a2", "a1"), endpoint("x"))
		synctest.Wait()
		require.Equal(t, []string{"a1", "x"}, known(b))
		c.choose("a2")(nil)
		_ = c.resolve(endpoint("a1", "a2"), endpoint("x"))
		synctest.Wait()
		require.NotZero(t, node(t, b, "a1").Picks)
	})
}

func TestServerThatIsGoneForAMinuteIsForgotten(t *testing.T) {
	for _, listed := range []time.Duration{0, time.Minute, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			b, c := p2c(t, balance.P2COptions{}, "a", "b")
			time.Sleep(listed)
			_ = c.resolve(endpoints("b")...)
			time.Sleep(time.Minute)
			_ = c.resolve(endpoints("b")...)
			synctest.Wait()
			require.Equal(t, []string{"a", "b"}, known(b))
			time.Sleep(time.Nanosecond)
			_ = c.resolve(endpoints("b")...)
			synctest.Wait()
			require.Equal(t, []string{"b"}, known(b))
		})
	}
}
