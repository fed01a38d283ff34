package simulate_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/simulate"
)

// arrivals counts those within a time.
func (d *diary) arrivals(from, to time.Duration) (n int) {
	for _, r := range d.arrived {
		if r.At >= from && r.At < to {
			n++
		}
	}
	return n
}

// about is five standard deviations of a Poisson count.
func about(n float64) float64 { return 5 * math.Sqrt(n) }

func TestLoadChangesAtItsTime(t *testing.T) {
	sc := plain(100, simulate.Constant, 0, 5*time.Second)
	sc.Load = []simulate.Step{{Value: 0}, {At: time.Second, Value: 0.5}, {At: 2 * time.Second, Value: 2}, {At: 3 * time.Second, Value: 0}, {At: 4 * time.Second, Value: 1}}
	d, _ := written(sc)
	for i, load := range []float64{0, 0.5, 2, 0, 1} {
		from := time.Duration(i) * time.Second
		want := load * sc.Capacity()
		require.InDelta(t, want, d.arrivals(from, from+time.Second), about(want), "second %d", i)
	}
	require.LessOrEqual(t, d.arrived[len(d.arrived)-1].At, sc.Length, "and ends with the run")
}

func TestArrivalsAreRandom(t *testing.T) {
	sc := plain(10, simulate.Constant, 0.5, 200*time.Second)
	d, _ := written(sc)
	mean, squares, n := 0.0, 0.0, float64(len(d.arrived)-1)
	for i, r := range d.arrived[1:] {
		gap := (r.At - d.arrived[i].At).Seconds()
		mean += gap / n
		squares += gap * gap / n
	}
	require.InEpsilon(t, 1/(0.5*sc.Capacity()), mean, 0.02)
	require.InEpsilon(t, 1, squares/(mean*mean)-1, 0.05, "as variable as a Poisson process")
}

func TestLoadWithoutStepsIsTheCapacity(t *testing.T) {
	sc := plain(10, simulate.Constant, 0, 10*time.Second)
	sc.Load = nil
	d, _ := written(sc)
	require.InDelta(t, 10_000, len(d.arrived), about(10_000))
}

func TestBurstsAreAtTheEndOfEachPeriod(t *testing.T) {
	require.Equal(t, []simulate.Step{
		{At: 0, Value: 0.5}, {At: 9 * time.Second, Value: 10},
		{At: 10 * time.Second, Value: 0.5}, {At: 19 * time.Second, Value: 10},
	}, simulate.Bursts(20*time.Second, 10*time.Second, time.Second, 0.5, 10))
}

func TestRampGoesFromOneValueToTheOther(t *testing.T) {
	require.Equal(t, []simulate.Step{
		{At: time.Second, Value: 1}, {At: 2 * time.Second, Value: 2}, {At: 3 * time.Second, Value: 3},
	}, simulate.Ramp(time.Second, 3*time.Second, 1, 3, 3))
}

func TestDeadlinesAreDrawnEvenly(t *testing.T) {
	sc := plain(10, simulate.Constant, 0.5, 20*time.Second)
	sc.Deadlines = []time.Duration{time.Millisecond, time.Second, time.Minute}
	d, _ := written(sc)
	counts := map[time.Duration]int{}
	for _, r := range d.arrived {
		require.Equal(t, r.Deadline-r.At, r.Left())
		counts[r.Left()]++
	}
	require.Len(t, counts, 3)
	for _, deadline := range sc.Deadlines {
		want := float64(len(d.arrived)) / 3
		require.InDelta(t, want, counts[deadline], about(want))
	}
}

func TestHiddenDeadlinesLeaveAllTheTimeThereIs(t *testing.T) {
	sc := plain(10, simulate.Constant, 0.5, time.Second)
	sc.Hidden = true
	d, _ := written(sc)
	for _, r := range d.arrived {
		require.True(t, r.Hidden)
		require.Equal(t, time.Duration(math.MaxInt64), r.Left())
		require.Equal(t, r.At+sc.Deadline, r.Deadline, "it is there all the same")
	}
}

func TestClassesAndCallersHaveTheirShares(t *testing.T) {
	sc := plain(10, simulate.Constant, 1, 20*time.Second)
	sc.Classes = [simulate.NumClasses]float64{1, 0, 3, 6}
	sc.Callers = []float64{0, 2, 8}
	d, _ := written(sc)
	classes, callers, both := map[int]int{}, map[int]int{}, 0
	for _, r := range d.arrived {
		classes[r.Class]++
		callers[r.Caller]++
		if r.Class == 3 && r.Caller == 1 {
			both++
		}
	}
	n := float64(len(d.arrived))
	require.Len(t, classes, 3)
	require.Len(t, callers, 2)
	for class, share := range map[int]float64{0: 0.1, 2: 0.3, 3: 0.6} {
		require.InDelta(t, share*n, classes[class], about(share*n))
	}
	for caller, share := range map[int]float64{1: 0.2, 2: 0.8} {
		require.InDelta(t, share*n, callers[caller], about(share*n))
	}
	require.InDelta(t, 0.12*n, both, about(0.12*n), "independently")
}

func TestWithoutClassesAndCallersAllAreAlike(t *testing.T) {
	d, _ := written(plain(10, simulate.Constant, 1, time.Second))
	for _, r := range d.arrived {
		require.Equal(t, simulate.DefaultClass, r.Class)
		require.Zero(t, r.Caller)
	}
}
