package suite_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/suite"
)

func TestFiguresAreMediansOverTheRounds(t *testing.T) {
	for name, c := range map[string]struct {
		ns   []float64
		want float64
	}{
		"one":               {[]float64{7}, 7},
		"odd":               {[]float64{9, 1, 2}, 2},
		"even":              {[]float64{4, 1, 100, 2}, 3},
		"one bad round":     {[]float64{1, 1, 1000, 1, 1}, 1},
		"order is the same": {[]float64{1, 2, 3}, 2},
	} {
		result, err := suite.Run(oneLine([]suite.Contender{timings("a", c.ns...)}), rounds(len(c.ns)), ignore)
		require.NoError(t, err, name)
		require.Equal(t, c.want, result.Blocks[0].Contenders[0].NsPerOp, name)
	}
}

// The machine is three times slower in some rounds than in others. Within a
// round, a always takes half as long as b.
func TestRatioIsTheMedianOfTheRatiosOfRounds(t *testing.T) {
	contenders := []suite.Contender{timings("a", 10, 30, 11, 90, 12), timings("b", 20, 60, 22, 45, 24)}
	result, err := suite.Run(oneLine(contenders, suite.Ratio("a", 0.5, "b")), rounds(5), ignore)
	require.NoError(t, err)
	v := result.Blocks[0].Verdicts[0]
	require.Equal(t, 0.5, v.Value)
	require.True(t, v.Met, "a value that equals the limit meets it")
}

func TestTargetsJudgeWhatTheySay(t *testing.T) {
	contenders := []suite.Contender{
		always("a", suite.Sample{NsPerOp: 150, AllocsPerOp: 5, HeapBytes: 2048}),
		always("b", suite.Sample{NsPerOp: 100, AllocsPerOp: 2, HeapBytes: 10}),
	}
	judgesAll(t, contenders, nil, []judged{
		{suite.Ratio("a", 1.4, "b"), "a <= 1.4 x b", 1.5, false},
		{suite.Ratio("b", 0.7, "a"), "b <= 0.7 x a", 100.0 / 150, true},
		{suite.TimeAbove("a", 50, "b"), "a <= 50 ns above b", 50, true},
		{suite.TimeAbove("a", 49, "b"), "a <= 49 ns above b", 50, false},
		{suite.AllocsAbove("a", 2, "b"), "a <= 2 allocs above b", 3, false},
		{suite.Allocs("b", 2), "b <= 2 allocs", 2, true},
		{suite.Allocs("b", 0), "b <= 0 allocs", 2, false},
		{suite.Heap("a", 2048), "a <= 2048 B of heap", 2048, true},
		{suite.Heap("a", 2047), "a <= 2047 B of heap", 2048, false},
	})
}

func TestTargetsJudgeTheMetricTheyName(t *testing.T) {
	contenders := []suite.Contender{
		always("a", suite.Sample{Metrics: map[string]float64{"% hits": 60, "ms": 12}}),
		always("b", suite.Sample{Metrics: map[string]float64{"% hits": 61, "ms": 10}}),
	}
	judgesAll(t, contenders, []string{"ms", "% hits"}, []judged{
		{suite.Metric("a", "ms", 12), "a <= 12 ms", 12, true},
		{suite.Metric("a", "ms", 11), "a <= 11 ms", 12, false},
		{suite.MetricRatio("a", "ms", 1.2, "b"), "a <= 1.2 x ms of b", 1.2, true},
		{suite.MetricRatio("a", "ms", 1.1, "b"), "a <= 1.1 x ms of b", 1.2, false},
		{suite.MetricAbove("a", "ms", 2, "b"), "a <= 2 above ms of b", 2, true},
		{suite.MetricAbove("a", "ms", 1, "b"), "a <= 1 above ms of b", 2, false},
		{suite.MetricBelow("a", "% hits", 1, "b"), "a <= 1 below % hits of b", 1, true},
		{suite.MetricBelow("a", "% hits", 0.5, "b"), "a <= 0.5 below % hits of b", 1, false},
	})
}

// judged is a target, how it is printed, and what becomes of it.
type judged struct {
	target suite.Target
	words  string
	value  float64
	met    bool
}

func judgesAll(t *testing.T, contenders []suite.Contender, metrics []string, all []judged) {
	t.Helper()
	for _, c := range all {
		s := oneLine(contenders, c.target)
		s.Lines[0].Metrics = metrics
		result, err := suite.Run(s, rounds(1), ignore)
		require.NoError(t, err)
		require.Equal(t, suite.Verdict{Target: c.words, Value: c.value, Limit: c.target.Limit, Met: c.met}, result.Blocks[0].Verdicts[0])
	}
}

func TestMetricsAreMediansOverTheRounds(t *testing.T) {
	var samples []suite.Sample
	for _, ms := range []float64{1, 100, 2} {
		samples = append(samples, suite.Sample{Metrics: map[string]float64{"ms": ms}})
	}
	c := suite.Contender{Name: "a", New: func() suite.Subject { return &script{samples: samples} }}
	result, err := suite.Run(oneLine([]suite.Contender{c}), rounds(3), ignore)
	require.NoError(t, err)
	require.Equal(t, map[string]float64{"ms": 2}, result.Blocks[0].Contenders[0].Metrics)
}

func TestRatioToNothingIsMissed(t *testing.T) {
	contenders := []suite.Contender{timings("a", 0), timings("b", 0)}
	result, err := suite.Run(oneLine(contenders, suite.Ratio("a", 1, "b")), rounds(1), ignore)
	require.NoError(t, err)
	require.Equal(t, 0, result.Met)
}

func TestLastLineSaysThatAllWereMet(t *testing.T) {
	contenders := []suite.Contender{timings("a", 1), timings("b", 2)}
	result, err := suite.Run(oneLine(contenders, suite.Ratio("a", 0.6, "b"), suite.Allocs("a", 0)), rounds(1), ignore)
	require.NoError(t, err)
	require.Equal(t, "met 2 of 2: none missed", result.LastLine())
	require.Empty(t, result.Missed)
}

func TestLastLineNamesWhatWasMissed(t *testing.T) {
	contenders := []suite.Contender{timings("a", 3), timings("b", 2)}
	s := oneLine(contenders, suite.Ratio("a", 0.6, "b"), suite.Ratio("a", 2, "b"), suite.TimeAbove("a", 0.5, "b"))
	result, err := suite.Run(s, suite.Options{Rounds: 1, Time: 1, CPUs: []int{1, 2}}, ignore)
	require.NoError(t, err)
	require.Equal(t, "met 1 of 3: line: a <= 0.6 x b (-cpu 1,2); line: a <= 0.5 ns above b (-cpu 1,2)", result.LastLine())
}

func TestTargetIsMissedIfItIsMissedAtOneSetting(t *testing.T) {
	made := 0
	slowAtTwo := suite.Contender{Name: "a", New: func() suite.Subject {
		made++
		return &script{samples: []suite.Sample{{NsPerOp: float64(made)}}}
	}}
	s := oneLine([]suite.Contender{slowAtTwo, timings("b", 1)}, suite.Ratio("a", 1, "b"))
	result, err := suite.Run(s, suite.Options{Rounds: 1, Time: 1, CPUs: []int{1, 2}}, ignore)
	require.NoError(t, err)
	require.Equal(t, "met 0 of 1: line: a <= 1 x b (-cpu 2)", result.LastLine())
}
