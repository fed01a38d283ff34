package lab_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/lab"
	"github.com/weirgo/weir/internal/simulate"
)

func TestGuardsReadTheTimeOfTheSimulation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := small(4, 1)
		epoch, requests := time.Now(), 0
		lab.Run(&c.Scenario, simulate.GuardFunc(func(r simulate.Request) (func(bool), bool) {
			requests++
			require.Equal(t, r.At, time.Since(epoch))
			return func(late bool) { require.Equal(t, late, time.Since(epoch) > r.Deadline) }, true
		}))
		require.InDelta(t, 1200, requests, 150)
	})
}

func TestRequestsAreSpreadOverSeveralGuards(t *testing.T) {
	c := small(4, 1)
	c.Guards, c.Scenario.Callers = 3, []float64{1, 1, 1}
	var asked []int
	subject := lab.Subject{Name: "counting", New: func() simulate.Guard {
		i := len(asked)
		asked = append(asked, 0)
		return simulate.GuardFunc(func(simulate.Request) (func(bool), bool) {
			asked[i]++
			return nil, false
		})
	}}
	var got []lab.Figures
	bubble(t)(func() { got = lab.Measure(c, subject) })
	require.Len(t, asked, 3*c.Seeds, "new ones for each run")
	for _, n := range asked {
		require.InDelta(t, 400, n, 100)
	}
	require.Equal(t, got[0].Offered, got[0].Refused)
	require.Equal(t, 4.0, got[0].Seconds, "two runs of two seconds")
}

func TestATimelineCountsEachAnswerOnce(t *testing.T) {
	c := small(4, 2)
	c.Spans[0].From = 0
	var line lab.Timeline
	bubble(t)(func() { line = lab.NewTimeline(c, lab.Peers()[0]) })
	var all lab.Figures
	bubble(t)(func() { all = lab.Measure(c, lab.Peers()[0])[0] })
	sum, step := 0.0, 0.03
	for _, p := range line.Goodput {
		sum += p.Y * step * float64(c.Seeds)
	}
	require.Len(t, line.Goodput, 100)
	require.Len(t, line.P99, 100)
	require.InDelta(t, all.Good, sum, 1e-6)
}
