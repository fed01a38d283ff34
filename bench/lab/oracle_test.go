package lab_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/lab"
	"github.com/weirgo/weir/internal/simulate"
)

// small is a case that takes milliseconds.
func small(workers int, load float64) lab.Case {
	c := lab.Row{
		Name: "small", Workers: workers, Mean: 10 * time.Millisecond, Service: simulate.Exponential, Patience: 5,
	}.Steady(load)
	c.Scenario.Length = 3 * time.Second
	c.Spans = []lab.Span{{Name: "all", From: time.Second, To: 3 * time.Second}}
	c.Seeds = 2
	return c
}

func TestTheOracleMissesNoLimitThatIsMuchBetter(t *testing.T) {
	slow := small(4, 0.8)
	slow.Scenario.Slowness = []simulate.Step{{Value: 1}, {At: time.Second, Value: 3}}
	for name, c := range map[string]lab.Case{
		"one worker": small(1, 3), "four workers": small(4, 3), "enough of them": small(4, 0.5), "slow": slow,
	} {
		best := lab.Oracle(c)[0]
		greatest := 0
		for limit := range 60 {
			greatest = max(greatest, lab.FixedLimit(c, limit)[0].Good)
		}
		require.GreaterOrEqual(t, float64(best.Good), 0.98*float64(greatest), name)
		require.Equal(t, best.Figures, lab.FixedLimit(c, best.Limit)[0], name)
	}
}

func TestOfLimitsThatAreAsGoodTheOracleTakesTheGreatest(t *testing.T) {
	c := small(10, 0.1)
	best := lab.Oracle(c)[0]
	require.Zero(t, best.Refused)
	require.GreaterOrEqual(t, best.Limit, 60, "a patience of requests at full capacity, and the workers")
}

func TestTheOracleSearchesForEachSpanByItself(t *testing.T) {
	c := small(4, 3)
	c.Scenario.Slowness = []simulate.Step{{Value: 1}, {At: 2 * time.Second, Value: 4}}
	c.Spans = []lab.Span{
		{Name: "before", From: time.Second, To: 1900 * time.Millisecond},
		{Name: "slow", From: 2200 * time.Millisecond, To: 3 * time.Second},
	}
	bests := lab.Oracle(c)
	require.Greater(t, bests[0].Limit, bests[1].Limit, "what is slow must not queue as much")
}
