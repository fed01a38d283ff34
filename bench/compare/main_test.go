package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/suite"
)

type fixed struct {
	ns  float64
	err error
}

func (f fixed) Measure(suite.Setting) (suite.Sample, error) {
	return suite.Sample{NsPerOp: f.ns}, f.err
}

func contender(name string, f fixed) suite.Contender {
	return suite.Contender{Name: name, New: func() suite.Subject { return f }}
}

func fakes() []suite.Suite {
	pair := func(name string, a fixed) suite.Suite {
		return suite.Suite{
			Name: name,
			Lines: []suite.Line{
				{
					Name:       "first",
					Contenders: []suite.Contender{contender("a", a), contender("b", fixed{ns: 10})},
					Targets:    []suite.Target{suite.Ratio("a", 0.6, "b")},
				},
				{Name: "second", Contenders: []suite.Contender{contender("c", fixed{ns: 1})}},
			},
			Withdrawn: []suite.Withdrawn{{Module: "example.org/gone", Why: "withdrawn"}},
		}
	}
	return []suite.Suite{
		pair("fast", fixed{ns: 5}),
		pair("slow", fixed{ns: 7}),
		pair("broken", fixed{err: errors.New("did nothing")}),
	}
}

func compare(args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = run(args, fakes(), &out, &errs)
	return status, out.String(), errs.String()
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	return lines[len(lines)-1]
}

func TestCompareExitsWithZeroWhenAllTargetsAreMet(t *testing.T) {
	status, out, errs := compare("-suite", "fast", "-rounds", "1")
	require.Equal(t, 0, status)
	require.Equal(t, "met 1 of 1: none missed", lastLine(out))
	require.Empty(t, errs)
}

func TestCompareExitsWithOneWhenATargetIsMissed(t *testing.T) {
	status, out, _ := compare("-suite", "slow", "-cpu", "2")
	require.Equal(t, 1, status)
	require.Equal(t, "met 0 of 1: first: a <= 0.6 x b (-cpu 2)", lastLine(out))
}

func TestCompareExitsWithTwoWhenAContenderDidNotDoItsWork(t *testing.T) {
	for _, args := range [][]string{{"-suite", "broken"}, {"-suite", "broken", "-json"}} {
		status, out, errs := compare(args...)
		require.Equal(t, 2, status)
		require.NotContains(t, out, "met ")
		require.Contains(t, errs, "first, -cpu 1: a: did nothing")
	}
}

func TestCompareSaysWhatItRanOnAndWhatIsMissing(t *testing.T) {
	_, out, _ := compare("-suite", "fast", "-rounds", "3", "-time", "20ms", "-cpu", "1")
	require.Contains(t, out, "median of 3 rounds of 20ms, GOMAXPROCS [1]")
	require.Contains(t, out, "example.org/gone: withdrawn")
	require.Contains(t, out, "commit ")
}

func TestCompareJSONIsOneObjectAndNothingElse(t *testing.T) {
	status, out, errs := compare("-suite", "slow", "-json", "-cpu", "1,2")
	require.Equal(t, 1, status)
	require.Empty(t, errs)
	var got struct {
		Machine suite.Machine
		Rounds  int
		CPUs    []int
		suite.Result
	}
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Equal(t, "slow", got.Suite)
	require.Equal(t, 7, got.Rounds)
	require.Equal(t, []int{1, 2}, got.CPUs)
	require.Positive(t, got.Machine.Cores)
	require.Len(t, got.Blocks, 4)
	require.Equal(t, 0.7, got.Blocks[0].Verdicts[0].Value)
	require.Equal(t, 1, got.Total)
	require.Equal(t, []string{"first: a <= 0.6 x b (-cpu 1,2)"}, got.Missed)
	require.Equal(t, "example.org/gone", got.Withdrawn[0].Module)
}

func TestCompareListMeasuresNothing(t *testing.T) {
	status, out, _ := compare("-suite", "broken", "-list")
	require.Equal(t, 0, status)
	require.Contains(t, out, "target: a <= 0.6 x b")
}

func TestCompareOnlyCutsTheSuiteDown(t *testing.T) {
	status, out, _ := compare("-suite", "slow", "-only", "sec")
	require.Equal(t, 0, status)
	require.Equal(t, "met 0 of 0: none missed", lastLine(out))
}

func TestCompareRefusesWrongArguments(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"-suite", "unknown"},
		{"-suite", "fast", "-rounds", "0"},
		{"-suite", "fast", "-rounds", "many"},
		{"-suite", "fast", "-time", "0s"},
		{"-suite", "fast", "-time", "-1s"},
		{"-suite", "fast", "-cpu", "0"},
		{"-suite", "fast", "-cpu", "1,two"},
		{"-suite", "fast", "-cpu", ""},
		{"-suite", "fast", "-only", "nothing"},
		{"-suite", "fast", "more"},
		{"-unknown"},
	} {
		status, out, errs := compare(args...)
		require.Equal(t, 2, status, "%q", args)
		require.Empty(t, out, "%q", args)
		require.Contains(t, errs, "compare: ", "%q", args)
	}
}

func TestEverySuiteIsFoundByItsName(t *testing.T) {
	for _, s := range suites() {
		status := run([]string{"-suite", s.Name, "-list"}, suites(), new(strings.Builder), new(strings.Builder))
		require.Equal(t, 0, status, s.Name)
	}
}
