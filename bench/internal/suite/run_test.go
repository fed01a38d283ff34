package suite_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/suite"
)

func TestRunMeasuresEveryContenderOncePerRoundInRotatingOrder(t *testing.T) {
	var order []string
	record := func(name string) suite.Contender {
		return suite.Contender{Name: name, New: func() suite.Subject {
			return &script{
				samples: make([]suite.Sample, 3),
				measure: func(suite.Setting) { order = append(order, name) },
			}
		}}
	}
	_, err := suite.Run(oneLine([]suite.Contender{record("a"), record("b"), record("c")}), rounds(3), ignore)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "b", "c", "a", "c", "a", "b"}, order)
}

func TestRunMeasuresAtEachSettingAndRestoresGOMAXPROCS(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	var at []suite.Setting
	var procs []int
	c := suite.Contender{Name: "a", New: func() suite.Subject {
		return &script{samples: make([]suite.Sample, 1), measure: func(s suite.Setting) {
			at = append(at, s)
			procs = append(procs, runtime.GOMAXPROCS(0))
		}}
	}}
	o := suite.Options{Rounds: 1, Time: time.Second, CPUs: []int{1, 3}}
	_, err := suite.Run(oneLine([]suite.Contender{c}), o, ignore)
	require.NoError(t, err)
	require.Equal(t, []suite.Setting{{CPUs: 1, Time: time.Second}, {CPUs: 3, Time: time.Second}}, at)
	require.Equal(t, []int{1, 3}, procs)
	require.Equal(t, before, runtime.GOMAXPROCS(0))
}

func TestRunKeepsToTheSettingsThatALineAsksFor(t *testing.T) {
	s := oneLine([]suite.Contender{timings("a", 1)})
	s.Lines[0].CPUs = []int{1}
	result, err := suite.Run(s, suite.Options{Rounds: 1, Time: 1, CPUs: []int{1, 2, 4}}, ignore)
	require.NoError(t, err)
	require.Len(t, result.Blocks, 1)
	require.Equal(t, 1, result.Blocks[0].CPUs)
}

func TestRunReportsEachBlockAsSoonAsItIsThere(t *testing.T) {
	s := oneLine([]suite.Contender{timings("a", 1)})
	var seen []int
	_, err := suite.Run(s, suite.Options{Rounds: 1, Time: 1, CPUs: []int{1, 2}}, func(b suite.Block) { seen = append(seen, b.CPUs) })
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, seen)
}

func TestRunFailsAndNamesTheContenderThatDidOtherWork(t *testing.T) {
	s := oneLine([]suite.Contender{timings("good", 1), timings("bad")})
	_, err := suite.Run(s, rounds(1), ignore)
	require.ErrorIs(t, err, errBroken)
	require.EqualError(t, err, "line, -cpu 1: bad: broken")
}

func TestRunRefusesTargetsThatCouldNeverBeJudged(t *testing.T) {
	a := timings("a", 1)
	for name, s := range map[string]suite.Suite{
		"unknown subject": oneLine([]suite.Contender{a}, suite.Allocs("b", 0)),
		"unknown peer":    oneLine([]suite.Contender{a}, suite.Ratio("a", 1, "b")),
		"same name twice": oneLine([]suite.Contender{a, a}),
	} {
		_, err := suite.Run(s, rounds(1), ignore)
		require.Error(t, err, name)
	}
}

func TestRunStopsAfterTheRoundsThatSuffice(t *testing.T) {
	for enough, want := range map[int]int{0: 5, 2: 2, 9: 5} {
		measured := 0
		c := suite.Contender{Name: "a", New: func() suite.Subject {
			return &script{samples: make([]suite.Sample, 5), measure: func(suite.Setting) { measured++ }}
		}}
		s := oneLine([]suite.Contender{c})
		s.Lines[0].Rounds = enough
		_, err := suite.Run(s, rounds(5), ignore)
		require.NoError(t, err)
		require.Equal(t, want, measured)
	}
}

func TestRunFailsWhereAMetricIsMissing(t *testing.T) {
	s := oneLine([]suite.Contender{timings("a", 1)})
	s.Lines[0].Metrics = []string{"ms"}
	_, err := suite.Run(s, rounds(1), ignore)
	require.EqualError(t, err, `line, -cpu 1: a: did not find out "ms"`)
}

func TestRunRefusesTargetsOfMetricsThatNobodyFindsOut(t *testing.T) {
	_, err := suite.Run(oneLine([]suite.Contender{timings("a", 1)}, suite.Metric("a", "ms", 1)), rounds(1), ignore)
	require.EqualError(t, err, `line: the target "a <= 1 ms" names nothing that is found out`)
}

func TestMeteredReturnsWhatItFindsOut(t *testing.T) {
	want := map[string]float64{"ms": 3}
	s, err := suite.Metered(func(suite.Setting) (map[string]float64, error) { return want, nil }).Measure(quick)
	require.NoError(t, err)
	require.Equal(t, want, s.Metrics)
	_, err = suite.Metered(func(suite.Setting) (map[string]float64, error) { return nil, errBroken }).Measure(quick)
	require.ErrorIs(t, err, errBroken)
}

type closing struct {
	suite.Subject
	closed *int
}

func (c closing) Close() { *c.closed++ }

func TestRunClosesSubjectsOfEachSetting(t *testing.T) {
	closed := 0
	c := suite.Contender{Name: "a", New: func() suite.Subject {
		return closing{&script{samples: make([]suite.Sample, 1), measure: func(s suite.Setting) {
			require.Equal(t, s.CPUs-1, closed)
		}}, &closed}
	}}
	_, err := suite.Run(oneLine([]suite.Contender{c}), suite.Options{Rounds: 1, Time: 1, CPUs: []int{1, 2}}, ignore)
	require.NoError(t, err)
	require.Equal(t, 2, closed)
}
