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
