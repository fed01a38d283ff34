package simulate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/simulate"
)

// erlang returns the mean stay in M/M/c, in service times, by Erlang's C formula.
func erlang(c int, rho float64) float64 {
	a := rho * float64(c)
	term, sum := 1.0, 0.0
	for k := range c {
		sum += term
		term *= a / float64(k+1)
	}
	wait := term / (1 - rho) / (sum + term/(1-rho))
	return 1 + wait/(float64(c)*(1-rho))
}

func TestStayInALineIsWhatErlangSays(t *testing.T) {
	for _, c := range []int{1, 3, 20} {
		for _, rho := range []float64{0.3, 0.7, 0.85} {
			sc := plain(c, simulate.Exponential, rho, 2000*time.Second/time.Duration(c))
			d, _ := written(sc)
			require.InEpsilon(t, erlang(c, rho), d.mean(sc), 0.08, "M/M/%d at %g", c, rho)
		}
	}
}

// As many are served at a time, so the number inside is distributed as in a line, and
// with it, by Little's law, the mean stay.
func TestStayWhereAllAreServedAtATimeIsWhatErlangSays(t *testing.T) {
	for _, c := range []int{1, 3, 20} {
		for _, rho := range []float64{0.3, 0.7, 0.85} {
			sc := plain(c, simulate.Exponential, rho, 2000*time.Second/time.Duration(c))
			sc.Sharing = true
			d, _ := written(sc)
			require.InEpsilon(t, erlang(c, rho), d.mean(sc), 0.08, "M/M/%d-PS at %g", c, rho)
		}
	}
}

// Processor sharing is insensitive: the mean stay depends on the mean service only. A
// line is not: Pollaczek and Khinchine.
func TestVariedServiceMattersInALineAndNotWhereAllAreServedAtATime(t *testing.T) {
	const rho = 0.7
	for name, c := range map[string]struct {
		draw simulate.Distribution
		cv2  float64
	}{"constant": {simulate.Constant, 0}, "bimodal": {simulate.Bimodal, 2.25}} {
		sc := plain(1, c.draw, rho, 2000*time.Second)
		d, _ := written(sc)
		require.InEpsilon(t, 1+rho*(1+c.cv2)/2/(1-rho), d.mean(sc), 0.06, "%s, in a line", name)
		sc.Sharing = true
		d, _ = written(sc)
		require.InEpsilon(t, 1/(1-rho), d.mean(sc), 0.06, "%s, shared", name)
	}
}

func TestWorkersTakeRequestsInTheOrderOfTheirArrival(t *testing.T) {
	sc := plain(4, simulate.Constant, 3, 2*time.Second)
	d, _ := written(sc)
	for i, v := range d.visits {
		require.Equal(t, d.arrived[i].At, v.At)
		if i >= 4 {
			require.GreaterOrEqual(t, v.done-d.visits[i-4].done, sc.Mean-time.Microsecond, "four at a time")
		}
	}
}

func TestShortRequestsOvertakeWhereAllAreServedAtATime(t *testing.T) {
	sc := plain(1, simulate.Bimodal, 0.8, 100*time.Second)
	sc.Sharing = true
	d, _ := written(sc)
	overtaken := 0
	for i, v := range d.visits[1:] {
		if v.At < d.visits[i].At {
			overtaken++
		}
	}
	require.Greater(t, overtaken, 100)
}

// quiet has so many workers that nobody waits.
func quiet(change simulate.Step, sharing bool) *diary {
	sc := plain(1000, simulate.Constant, 0.05, 2*time.Second)
	sc.Slowness = []simulate.Step{{Value: 1}, change}
	sc.Sharing = sharing
	d, _ := written(sc)
	return d
}

func TestRequestInALineTakesAsLongAsTheServiceDidAtItsStart(t *testing.T) {
	for _, v := range quiet(simulate.Step{At: time.Second, Value: 3}, false).visits {
		want := 10 * time.Millisecond
		if v.At >= time.Second {
			want *= 3
		}
		require.InDelta(t, want, v.took(), float64(time.Microsecond), "at %v", v.At)
	}
}

func TestSharedServiceSlowsDownForThoseInsideToo(t *testing.T) {
	both := 0
	for _, v := range quiet(simulate.Step{At: time.Second, Value: 3}, true).visits {
		want := 10 * time.Millisecond
		switch before := time.Second - v.At; {
		case before <= 0:
			want *= 3
		case before < want:
			want = before + 3*(want-before)
			both++
		}
		require.InDelta(t, want, v.took(), float64(time.Microsecond), "at %v", v.At)
	}
	require.Greater(t, both, 10)
}

func TestWorkersComeAndGoAtTheirTime(t *testing.T) {
	for _, sharing := range []bool{false, true} {
		sc := plain(10, simulate.Constant, 3, 4*time.Second)
		sc.Sharing = sharing
		sc.Pool = []simulate.Step{{Value: 1}, {At: time.Second, Value: 0.5}, {At: 2 * time.Second, Value: 2}, {At: 3 * time.Second, Value: 0}}
		d := new(diary)
		inside := 0
		simulate.Run(sc, simulate.GuardFunc(func(r simulate.Request) (func(bool), bool) {
			if inside >= 40 {
				return nil, false
			}
			inside++
			settle, ok := d.Admit(r)
			return func(late bool) { inside--; settle(late) }, ok
		}), d.advance)
		for i, perSecond := range []int{1000, 500, 2000, 100} { // one worker stays
			from := time.Duration(i) * time.Second
			require.InDelta(t, perSecond, d.between(from, from+time.Second), 45, "second %d, sharing %v", i, sharing)
		}
	}
}

func TestNothingIsLostWhereNobodyIsRefused(t *testing.T) {
	for _, sharing := range []bool{false, true} {
		sc := plain(2, simulate.Pareto, 2, time.Second)
		sc.Sharing = sharing
		d, r := written(sc)
		require.Zero(t, d.inside)
		require.Len(t, d.visits, len(d.arrived))
		require.Equal(t, len(d.arrived), r.Between(0, sc.Length+r.Slot()).Good)
	}
}
