package suite_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/suite"
)

func reportOf(t *testing.T, s suite.Suite) string {
	var out strings.Builder
	_, err := suite.Run(s, rounds(1), func(b suite.Block) { require.NoError(t, b.WriteText(&out)) })
	require.NoError(t, err)
	return out.String()
}

func TestReportShowsFiguresRatioTargetAndVerdict(t *testing.T) {
	contenders := []suite.Contender{
		always("a", suite.Sample{NsPerOp: 61.23, BytesPerOp: 16, AllocsPerOp: 1}),
		always("b", suite.Sample{NsPerOp: 1234.5}),
	}
	text := reportOf(t, oneLine(contenders, suite.Ratio("a", 0.6, "b"), suite.Allocs("a", 0)))
	require.Regexp(t, `(?m)^line, -cpu 1$`, text)
	require.Regexp(t, `(?m)^ +ns/op +B/op +allocs/op$`, text)
	require.Regexp(t, `(?m)^  a +61.2 +16 +1$`, text)
	require.Regexp(t, `(?m)^  b +1234 +0 +0$`, text)
	require.Regexp(t, `(?m)^  met     a <= 0.6 x b: 0.0496$`, text)
	require.Regexp(t, `(?m)^  MISSED  a <= 0 allocs: 1$`, text)
}

func TestReportOfWeightsShowsHeapOnly(t *testing.T) {
	text := reportOf(t, oneLine([]suite.Contender{always("a", suite.Sample{HeapBytes: 7394})}))
	require.Regexp(t, `(?m)^  a +7394$`, text)
	require.NotContains(t, text, "ns/op")
}

func TestReportOfMetricsShowsThemInTheOrderOfTheLine(t *testing.T) {
	s := oneLine([]suite.Contender{always("a", suite.Sample{Metrics: map[string]float64{"ms": 12.345, "% of all of them": 0.5}})})
	s.Lines[0].Metrics = []string{"ms", "% of all of them"}
	text := reportOf(t, s)
	require.Regexp(t, `(?m)^ +ms +% of all of them$`, text)
	require.Regexp(t, `(?m)^  a +12.3 +0.5$`, text)
	require.NotContains(t, text, "ns/op")
}

func TestListNamesLinesContendersTargetsAndWhatIsMissing(t *testing.T) {
	s := oneLine([]suite.Contender{timings("a"), timings("b")}, suite.Ratio("a", 0.6, "b"))
	s.Withdrawn = []suite.Withdrawn{{Module: "example.org/gone", Why: "withdrawn"}}
	var out strings.Builder
	require.NoError(t, s.WriteList(&out))
	for _, want := range []string{"line", "- a", "- b", "target: a <= 0.6 x b", "example.org/gone: withdrawn"} {
		require.Contains(t, out.String(), want)
	}
}

func TestModulesAreListedOnceAndThoseOfTheStandardLibraryAreNot(t *testing.T) {
	s := oneLine([]suite.Contender{
		{Name: "a", Module: "example.org/a"},
		{Name: "b", Module: "example.org/a"},
		{Name: "c"},
	})
	require.Equal(t, []suite.Module{{Path: "example.org/a"}}, s.Modules())
}

func TestMachineIsDescribed(t *testing.T) {
	m := suite.ThisMachine()
	require.NotEmpty(t, m.CPU)
	require.Positive(t, m.Cores)
	require.NotEmpty(t, m.Go)
}
