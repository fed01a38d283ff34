package lab_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/lab"
)

func TestNamesOfCurvesNeverOverlap(t *testing.T) {
	const gap, low, high = 20.0, 100.0, 500.0
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		wanted := make([]float64, 1+rng.IntN(20))
		for i := range wanted {
			wanted[i] = low + 50*float64(rng.IntN(9)) // several at one place
		}
		got := lab.Apart(wanted, gap, low, high)
		for i := range got {
			require.GreaterOrEqual(t, got[i], low)
			require.LessOrEqual(t, got[i], high)
			for j := range i {
				require.GreaterOrEqual(t, max(got[i], got[j])-min(got[i], got[j]), gap-1e-9)
				require.False(t, wanted[j] <= wanted[i] && got[j] > got[i], "they change places")
			}
		}
	}
}

func TestNamesThatFitStayWhereTheyAreWanted(t *testing.T) {
	require.Equal(t, []float64{300, 120, 200}, lab.Apart([]float64{300, 120, 200}, 20, 100, 500))
}

func TestAnAxisGoesFromItsFirstTickToItsLast(t *testing.T) {
	straight := lab.Axis{Ticks: []lab.Tick{{Value: 0}, {Value: 50}, {Value: 100}}}
	log := lab.Axis{Log: true, Ticks: []lab.Tick{{Value: 1}, {Value: 100}}}
	for v, want := range map[float64]float64{0: 0, 25: 0.25, 100: 1, 120: 1, -3: 0} {
		require.InDelta(t, want, straight.Place(v), 1e-9)
	}
	for v, want := range map[float64]float64{1: 0, 10: 0.5, 100: 1, 1000: 1, 0: 0} {
		require.InDelta(t, want, log.Place(v), 1e-9)
	}
}

func TestNumbersAtAxesAreWrittenForPeople(t *testing.T) {
	require.Equal(t, "1,200", lab.Thousands(1200))
	require.Equal(t, "0", lab.Thousands(0))
	require.Equal(t, "0.5", lab.Thousands(0.5))
	require.Equal(t, "10 ms", lab.Duration(10*time.Millisecond))
	require.Equal(t, "100 s", lab.Duration(100*time.Second))
}

func TestAChartNamesWhatItShows(t *testing.T) {
	c := lab.Chart{
		Title: "a < b", Below: "below",
		X: lab.Axis{Title: "time, s", Ticks: []lab.Tick{{0, "zero"}, {10, "ten"}}},
		Y: lab.Axis{Title: "per second", Ticks: []lab.Tick{{0, "none"}, {1, "one"}}},
		Curves: []lab.Curve{
			{Name: "whole", Style: lab.Style{Ink: "#000000", Width: 2}, Points: []lab.Point{{0, 0}, {10, 1}}},
			{Name: "early & gone", Points: []lab.Point{{0, 0}, {5, 1}}},
			{Name: "nothing"},
		},
		Levels: []lab.Curve{{Name: "limit", Points: []lab.Point{{0, 1}, {10, 1}}}},
	}
	svg := string(c.SVG())
	for _, s := range []string{
		"a &lt; b", "below", "time, s", "per second", "zero", "ten", "none", "one",
		"whole", "early &amp; gone", "nothing", "limit",
		`points="84.0,490.0 716.0,96.0"`,
	} {
		require.Contains(t, svg, s)
	}
	require.Equal(t, 4, strings.Count(svg, "<polyline"))
}
