package lab_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/lab"
	"github.com/weirgo/weir/internal/simulate"
)

func TestABeliefFindsWorkersAndWhatTheyTakeBehindAQueue(t *testing.T) {
	for name, d := range map[string]simulate.Distribution{"light": simulate.Light, "exponential": simulate.Exponential} {
		sc := small(5, 3).Scenario
		sc.Service = d
		workers, mean := lab.Believed(&sc, 20, 0)
		require.InDelta(t, 5, workers, 0.1, name)
		require.InEpsilon(t, 0.010, mean, 0.08, name)
	}
}

func TestABeliefFollowsAServiceThatSlowsDown(t *testing.T) {
	sc := small(5, 3).Scenario
	sc.Slowness = []simulate.Step{{Value: 1}, {At: 2 * time.Second, Value: 3}}
	workers, mean := lab.Believed(&sc, 20, 1.0/30)
	require.InDelta(t, 5, workers, 0.1)
	require.InEpsilon(t, 0.030, mean, 0.1)
}

func TestRoomKeepsWorkersFromIdling(t *testing.T) {
	require.Equal(t, 2, lab.RoomFor(1, 10, 0.01), "1 of 11 idle without a queue, 1 of 111 with one place")
	require.Equal(t, 1, lab.RoomFor(1, 10, 0.1))
	require.Greater(t, lab.RoomFor(1, 1.5, 0.01), 5)
	require.GreaterOrEqual(t, lab.RoomFor(200, 1.5, 0.01), 200)
}

func TestLatenessOfAQueueIsThatOfItsSum(t *testing.T) {
	// The fourth of one exponential worker waits for three, and is served: an Erlang time.
	require.InDelta(t, 0.0103, lab.LateOf(1, 4, 10), 0.003)
	require.InDelta(t, 0.1353, lab.LateOf(10, 10, 2), 0.02, "without a queue it is the service time")
	require.Less(t, lab.LateOf(1, 3, 10), lab.LateOf(1, 5, 10))
}
