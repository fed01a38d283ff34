package lab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/lab"
	"github.com/weirgo/weir/internal/simulate"
)

// measured is of 1000 requests: 900 answered in time, 20 too late, 80 refused. The
// oracle had 950, and the service could have done 1000.
func measured(line lab.Line) lab.Measured {
	counts := simulate.Counts{Offered: 1000, Good: 900, Late: 20, Refused: 80}
	m := lab.Measured{
		Case: lab.Case{Row: "row", Scenario: simulate.Scenario{Workers: 1, Mean: 10 * time.Millisecond}},
		Span: lab.Span{Name: "span", Line: line},
		By:   "Weir",
		Best: lab.Best{Limit: 7, Figures: lab.Figures{Counts: simulate.Counts{Offered: 1000, Good: 950, Refused: 50}}},
	}
	m.Figures = lab.Figures{Counts: counts, P99: 40 * time.Millisecond, Seconds: 10}
	m.Classes[3] = counts
	return m
}

func TestAMissedLineSaysByWhat(t *testing.T) {
	only := func(b lab.Bounds) lab.Line {
		return lab.Line{Classes: [simulate.NumClasses]lab.Bounds{3: b}}
	}
	for want, line := range map[string]lab.Line{
		"goodput 94.7 % of the oracle's, should be 95 % (900 of 950 answers)": {Goodput: 95},
		"2.17 % late, should be under 1 %":                                    {Late: 0.01},
		"8.00 % refused, should be under 3 %":                                 {Refused: 0.03},
		"goodput 90.0 % of the capacity, should be 97 %":                      {Capacity: 0.97},
		"90.00 % of critical-plus served, should be 99 % at least":            only(lab.Bounds{Least: 0.99}),
		"90.00 % of critical-plus served, should be 3 % at most":              only(lab.Bounds{Most: 0.03}),
	} {
		require.Equal(t, []string{"row, span, deadlines visible: " + want}, measured(line).Missed())
	}
}

func TestALineThatIsReachedIsNotMissed(t *testing.T) {
	line := lab.Line{Goodput: 94, Late: 0.03, Refused: 0.1, Capacity: 0.9}
	line.Classes[3] = lab.Bounds{Least: 0.9, Most: 0.9}
	line.Classes[0] = lab.Bounds{Least: 0.99} // of which there was no request
	require.Empty(t, measured(line).Missed())
	require.Empty(t, measured(lab.Line{}).Missed())
}

func TestHiddenDeadlinesMayCostFivePoints(t *testing.T) {
	c := lab.Rows()[0].Steady(3)
	hidden := c.Hidden()
	require.Equal(t, c.Spans[0].Line.Goodput-5, hidden.Spans[0].Line.Goodput)
	require.Equal(t, c.Spans[0].Line.Late, hidden.Spans[0].Line.Late)
	require.True(t, hidden.Scenario.Hidden)
	require.False(t, c.Scenario.Hidden)
	require.Equal(t, 98.0, c.Spans[0].Line.Goodput, "the case itself stays as it is")
}

func TestATableHasEveryFigure(t *testing.T) {
	var b strings.Builder
	require.NoError(t, lab.WriteHeading(&b))
	require.NoError(t, measured(lab.Line{Goodput: 95}).WriteText(&b))
	require.Equal(t, ``+
		"span                           oracle served  late | who                deadline goodput  line  late refuse    p99  answers\n"+
		"span                                7   95.0  0.00 | Weir               visible     94.7    95  2.17   8.00    4.0      920 MISSED\n",
		b.String())
}

func TestAMatrixHasAColumnForEachSubject(t *testing.T) {
	m := measured(lab.Line{})
	other, hidden := m, m
	other.By = "other"
	other.Good, other.Late = 475, 0
	hidden.Case.Scenario.Hidden = true
	page := lab.Page{Case: m.Case, Bests: []lab.Best{m.Best}, Lines: []lab.Measured{m, hidden, other}}
	page.Case.Spans = []lab.Span{m.Span}
	var b strings.Builder
	require.NoError(t, lab.WriteMatrix(&b, []lab.Page{page, page}))
	require.Equal(t, ``+
		"|  | best fixed limit | Weir | Weir, deadlines hidden | other |\n"+
		"| --- | --: | --: | --: | --: |\n"+
		"| span | 7: 95 % | 95 (2.2) | 95 (2.2) | 50 |\n"+
		"| span | 7: 95 % | 95 (2.2) | 95 (2.2) | 50 |\n",
		b.String())
}

func TestAMatrixShowsClassesWhereThereAre(t *testing.T) {
	m := measured(lab.Line{})
	m.Case.Scenario.Classes = [simulate.NumClasses]float64{1, 0, 0, 1}
	m.Classes[0] = simulate.Counts{Offered: 10, Refused: 10}
	page := lab.Page{Case: m.Case, Bests: []lab.Best{m.Best}, Lines: []lab.Measured{m}}
	page.Case.Spans = []lab.Span{m.Span}
	var b strings.Builder
	require.NoError(t, lab.WriteMatrix(&b, []lab.Page{page}))
	require.Contains(t, b.String(), "| 0/90 |")
}

func TestOtherSeedsAreOtherRequests(t *testing.T) {
	c := small(4, 3)
	same := lab.FixedLimit(c, 20)
	require.Equal(t, same, lab.FixedLimit(c, 20))
	c.Seed = 1000
	require.NotEqual(t, same, lab.FixedLimit(c, 20))
}
