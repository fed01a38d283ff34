package balance_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc/balance"
)

func TestErrorsDoNotMakeAServerLookFast(t *testing.T) {
	for code, share := range map[codes.Code]float64{
		codes.NotFound: 1, codes.Internal: 1 - 1./8, codes.Unavailable: 1 - 1./8, codes.ResourceExhausted: 1 - 1./8,
	} {
		synctest.Test(t, func(t *testing.T) {
			b, c := p2c(t, balance.P2COptions{}, "a")
			c.teach("a", 1, 10*time.Millisecond, nil)
			c.teach("a", 1, time.Millisecond, status.Error(code, ""))
			require.Equal(t, 10*time.Millisecond, node(t, b, "a").Latency, code)
			require.InDelta(t, share, node(t, b, "a").Success, 1e-3, code)
			c.teach("a", 1, 30*time.Millisecond, status.Error(code, ""))
			require.Equal(t, 20*time.Millisecond, node(t, b, "a").Latency, "half of the way up: %v", code)
		})
	}
}

func TestNothingIsLearntFromCallsThatSayNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a")
		c.teach("a", 1, 10*time.Millisecond, nil)
		before := node(t, b, "a")
		c.teach("a", 1, time.Second, status.Error(codes.Canceled, ""))
		c.teach("a", 1, time.Second, weir.NewRejection("test: full"))

		// The connection was gone when gRPC wanted to use it.
		res, err := c.state().Picker.Pick(balancer.PickInfo{Ctx: ctx})
		require.NoError(t, err)
		res.Done(balancer.DoneInfo{})

		after := node(t, b, "a")
		require.Equal(t, before.Picks+3, after.Picks)
		before.Picks = after.Picks
		require.Equal(t, before, after)
	})
}

func TestStreamsAreNotTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{
			Untimed: func(method string) bool { return method == "/test/Watch" },
		}, "a")
		c.teach("a", 1, 10*time.Millisecond, nil)
		watch := func(took time.Duration, err error) {
			_, done, pickErr := c.tryPick(balancer.PickInfo{Ctx: ctx, FullMethodName: "/test/Watch"})
			require.NoError(t, pickErr)
			require.Equal(t, 1, node(t, b, "a").InFlight)
			time.Sleep(took)
			done(err)
		}
		watch(time.Second, nil)
		require.Equal(t, 10*time.Millisecond, node(t, b, "a").Latency)
		c.teach("a", 1, 10*time.Second+1, nil)
		require.Equal(t, 10*time.Millisecond, node(t, b, "a").Latency, "longer than LongCall")
		c.teach("a", 1, 10*time.Second, nil)
		require.Equal(t, 45*time.Millisecond, node(t, b, "a").Latency, "half of the way to eight times")
		before := node(t, b, "a").Success
		watch(time.Second, errBroken)
		require.Equal(t, 45*time.Millisecond, node(t, b, "a").Latency)
		require.Less(t, node(t, b, "a").Success, before, "a failure counts, whatever it is")
		c.teach("a", 1, 10*time.Second+1, errBroken)
		require.Equal(t, 202500*time.Microsecond, node(t, b, "a").Latency, "a call that is timed, and fails late")
	})
}

func TestStreamsThatARestartEndsSayNothingOfLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{
			Untimed: func(method string) bool { return method == "/test/Watch" },
		}, "a")
		c.teach("a", 1, 10*time.Millisecond, nil)
		endTogether(t, c, "/test/Watch", 8, time.Hour)
		require.Equal(t, 10*time.Millisecond, node(t, b, "a").Latency)
		require.Less(t, node(t, b, "a").Success, 0.5)
		require.EqualValues(t, 8, node(t, b, "a").Failures)
	})
}

func TestCallsThatFailTogetherAreNoMoreThanOneOutlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a")
		c.teach("a", 1, 10*time.Millisecond, nil)
		endTogether(t, c, "/test/Call", 8, time.Minute)
		require.Less(t, node(t, b, "a").Latency, 80*time.Millisecond)
		require.Greater(t, node(t, b, "a").Latency, 79*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		c.teach("a", 1, time.Minute, errBroken)
		require.Greater(t, node(t, b, "a").Latency, 350*time.Millisecond, "the next one is another")
	})
}

// endTogether makes n calls that last for as long as told and then all fail at once.
func endTogether(t *testing.T, c *channel, method string, n int, took time.Duration) {
	t.Helper()
	var ends []func(error)
	for range n {
		_, done, err := c.tryPick(balancer.PickInfo{Ctx: ctx, FullMethodName: method})
		require.NoError(t, err)
		ends = append(ends, done)
	}
	time.Sleep(took)
	for _, done := range ends {
		done(status.Error(codes.Unavailable, "restart"))
	}
}

func TestLatencyRisesFastAndFallsSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{Decay: time.Second, LongCall: -1}, "a")
		c.teach("a", 1, 100*time.Millisecond, nil)
		require.Equal(t, 100*time.Millisecond, node(t, b, "a").Latency)
		c.teach("a", 1, 300*time.Millisecond, nil)
		require.Equal(t, 200*time.Millisecond, node(t, b, "a").Latency)
		time.Sleep(900 * time.Millisecond)
		c.teach("a", 1, 100*time.Millisecond, nil) // a second since
		require.InDelta(t, 100+100/2.71828, float64(node(t, b, "a").Latency)/1e6, 0.01)
		c.teach("a", 1, time.Hour, nil)
		require.InDelta(t, 136.788*4.5, float64(node(t, b, "a").Latency)/1e6, 0.01, "an outlier, half of the way to eight times")
	})
}

func TestSuccessOfASingleProbeASecondCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{Decay: time.Second}, "a")
		c.teach("a", 1, 0, nil)
		time.Sleep(time.Second)
		c.teach("a", 1, 0, errBroken)
		require.InDelta(t, 1/2.71828, node(t, b, "a").Success, 1e-4, "time weighs more than one in eight")
		require.EqualValues(t, 1, node(t, b, "a").Failures)
	})
}

func TestServerThatJoinsIsTakenForTheMedianAndSlowlyForFaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{SlowStart: -1}, "a", "b", "c")
		for _, addr := range []string{"a", "b", "c"} {
			c.teach(addr, 1, map[string]time.Duration{"a": 10, "b": 20, "c": 40}[addr]*time.Millisecond, nil)
			time.Sleep(time.Second)
		}
		median := node(t, b, "b").Latency
		require.Equal(t, 15*time.Millisecond, median, "half of the way from what it was taken for")
		time.Sleep(time.Hour)
		_ = c.resolve(endpoints("a", "b", "c", "d")...)
		synctest.Wait()
		c.teach("d", 1, time.Millisecond, nil)
		require.InDelta(t, float64(median), float64(node(t, b, "d").Latency), 1e5)
		c.teach("d", 1, time.Millisecond, errBroken)
		require.InDelta(t, 7./8, node(t, b, "d").Success, 1e-9)
	})
}

func TestServerThatFailsFromTheStartIsDear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := p2c(t, balance.P2COptions{}, "a", "b", "c")
		c.teach("a", 10, 0, errBroken)
		require.Less(t, c.calls(300, all(0), none)["a"], 10)
	})
}
