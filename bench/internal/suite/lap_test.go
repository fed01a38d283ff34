package suite_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/suite"
)

func TestAllLapsCountOnACalmMachine(t *testing.T) {
	waits := []time.Duration{0, 0, 1, 2, 39_999, 40_000} // 2 % of 2 ms
	require.Equal(t, waits, suite.CalmestOf(1, waits...))
}

func TestLapsDoNotCountDuringWhichThreadsWaited(t *testing.T) {
	require.Equal(t, []time.Duration{0, 10, 20}, suite.CalmestOf(1, 20, time.Millisecond, 0, 40_001, 10))
	require.Equal(t, []time.Duration{0, 80_000}, suite.CalmestOf(2, 80_001, 0, 80_000), "each of two processors has 2 ms")
}

func TestTheCalmestQuarterCountsOnABusyMachine(t *testing.T) {
	ms := time.Millisecond
	require.Equal(t, []time.Duration{1 * ms, 2 * ms}, suite.CalmestOf(1, 8*ms, 7*ms, 6*ms, 5*ms, 4*ms, 3*ms, 2*ms, 1*ms))
	require.Equal(t, []time.Duration{5 * ms}, suite.CalmestOf(1, 5*ms), "one is all there is")
}
