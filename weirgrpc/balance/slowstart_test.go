package balance_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirgrpc/balance"
)

// shareOf makes n calls in no time and returns the part that went to addr, 1 being
// a fair one.
func (c *channel) shareOf(addr string, n int) float64 {
	got := c.calls(n, all(0), none)
	return float64(got[addr]) / float64(n) * float64(len(got))
}

func TestServerThatJoinsGetsATenthAndThenMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a", "b", "c")
		time.Sleep(4 * time.Second)
		_ = c.resolve(endpoints("a", "b", "c", "d")...)
		synctest.Wait()
		// Where one of four gets a part r of its share, it gets r/(3+r) of all.
		share := func(r float64) float64 { return 4 * r / (3 + r) }
		require.InDelta(t, share(0.1), c.shareOf("d", 10_000), 0.03)
		time.Sleep(400 * time.Millisecond)
		require.InDelta(t, share(0.1), c.shareOf("d", 10_000), 0.03)
		time.Sleep(1600 * time.Millisecond)
		require.InDelta(t, share(0.5), c.shareOf("d", 10_000), 0.1)
		time.Sleep(2 * time.Second)
		require.InDelta(t, 1, c.shareOf("d", 10_000), 0.1)
	})
}

func TestSecondOfTwoServersStartsSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a")
		time.Sleep(time.Minute)
		_ = c.resolve(endpoints("a", "b")...)
		synctest.Wait()
		require.InDelta(t, 0.2/1.1, c.shareOf("b", 10_000), 0.03)
	})
}

func TestSlowStartCanBeOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{SlowStart: -1}, "a", "b", "c")
		time.Sleep(time.Minute)
		_ = c.resolve(endpoints("a", "b", "c", "d")...)
		synctest.Wait()
		require.InDelta(t, 1, c.shareOf("d", 10_000), 0.1)
	})
}

// Else the first that is connected would get nearly all calls.
func TestServersDoNotStartSlowlyWhenTheClientStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a")
		_ = c.resolve(endpoints("a", "b", "c", "d")...)
		synctest.Wait()
		for _, addr := range []string{"a", "b", "c", "d"} {
			require.InDelta(t, 1, c.shareOf(addr, 10_000), 0.1)
		}
	})
}

func TestServersDoNotStartSlowlyWhenAllComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a", "b")
		time.Sleep(time.Minute)
		for _, down := range []bool{true, false} {
			c.set("a", down)
			c.set("b", down)
			synctest.Wait()
		}
		require.InDelta(t, 1, c.shareOf("b", 10_000), 0.1)
	})
}

func TestServerThatCouldNotBeReachedBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a", "b", "c")
		c.calls(100, all(time.Millisecond), none)
		c.teach("a", 1, 100*time.Millisecond, errBroken)
		time.Sleep(time.Minute)
		c.set("a", true)
		synctest.Wait()
		require.False(t, node(t, b, "a").Ready)
		c.set("a", false)
		synctest.Wait()
		require.True(t, node(t, b, "a").Ready)
		require.Zero(t, node(t, b, "a").Latency)
		require.Equal(t, 1., node(t, b, "a").Success)
		c.calls(100, all(time.Millisecond), none)
		require.InDelta(t, 0.3/2.1, c.shareOf("a", 10_000), 0.05)
		time.Sleep(4 * time.Second)
		require.InDelta(t, 1, c.shareOf("a", 10_000), 0.1)
	})
}

// A server that closes old connections is no other server after that.
func TestConnectionThatIsMadeAnewChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a", "b", "c")
		c.calls(300, all(10*time.Millisecond), none)
		time.Sleep(time.Minute)
		before := node(t, b, "a")
		c.set("a", false) // breaks it; the next one works
		synctest.Wait()
		require.Equal(t, before, node(t, b, "a"))
		require.InDelta(t, 1, c.shareOf("a", 10_000), 0.1)
	})
}

// go-zero's balancer sent a server all calls for which it was drawn until the
// first answer.
func TestServerThatIsNotKnownCountsAsOneLikeTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{SlowStart: -1}, "a", "b", "c", "d")
		c.calls(100, all(10*time.Millisecond), none)
		time.Sleep(time.Second)
		_ = c.resolve(endpoints("a", "b", "c", "d", "e")...)
		synctest.Wait()
		var ends []func(error)
		for range 500 { // no answer meanwhile
			_, done := c.pick(ctx)
			ends = append(ends, done)
		}
		require.InDelta(t, 100, node(t, b, "e").InFlight, 15)
		for _, done := range ends {
			done(nil)
		}
	})
}
