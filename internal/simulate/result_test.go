package simulate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/simulate"
)

// busy is a run in which some are refused, some are late, and there are classes and
// callers.
func busy() (*simulate.Scenario, *diary, *simulate.Result) {
	sc := plain(3, simulate.Exponential, 1.05, 10*time.Second)
	sc.Deadline = 30 * time.Millisecond
	sc.Classes = [simulate.NumClasses]float64{1, 2, 0, 5}
	sc.Callers = []float64{4, 0, 1}
	d := &diary{refuse: 10}
	return sc, d, simulate.Run(sc, d, d.advance)
}

func sum(all ...simulate.Counts) (c simulate.Counts) {
	for _, d := range all {
		c.Offered += d.Offered
		c.Refused += d.Refused
		c.Good += d.Good
		c.Late += d.Late
	}
	return c
}

func TestCountsAddUp(t *testing.T) {
	sc, d, r := busy()
	for _, span := range [][2]time.Duration{{0, sc.Length + time.Second}, {time.Second, 3 * time.Second}, {5 * time.Second, 5 * time.Second}} {
		from, to := span[0], span[1]
		all := r.Between(from, to)
		require.Equal(t, all.Offered, all.Refused+all.Good+all.Late)
		classes, callers := simulate.Counts{}, simulate.Counts{}
		for class := range simulate.NumClasses {
			classes = sum(classes, r.Class(class, from, to))
		}
		for caller := range sc.Callers {
			callers = sum(callers, r.Caller(caller, from, to))
		}
		require.Equal(t, all, classes)
		require.Equal(t, all, callers)
	}
	all := r.Between(0, sc.Length+time.Second)
	require.Equal(t, len(d.arrived), all.Offered)
	require.Equal(t, len(d.arrived)/10, all.Refused)
	require.Positive(t, all.Late)
	require.Positive(t, all.Good)
	require.Equal(t, all, sum(r.Series()...))
	require.Equal(t, all, sum(r.Between(0, 4*time.Second), r.Between(4*time.Second, sc.Length+time.Second)))
}

func TestCountsAreByTheTimeOfArrival(t *testing.T) {
	_, d, r := busy()
	from, to := 2*time.Second, 5*time.Second
	want := simulate.Counts{}
	for i, a := range d.arrived {
		if a.At >= from && a.At < to {
			want.Offered++
			if (i+1)%10 == 0 {
				want.Refused++
			}
		}
	}
	for _, v := range d.visits {
		if v.At >= from && v.At < to {
			if v.late {
				want.Late++
			} else {
				want.Good++
			}
		}
	}
	require.Equal(t, want, r.Between(from, to))
}

func TestRequestsAreLateOnceTheirDeadlineHasPassed(t *testing.T) {
	_, d, _ := busy()
	for _, v := range d.visits {
		require.Equal(t, v.done > v.Deadline, v.late)
		require.Equal(t, v.At+30*time.Millisecond, v.Deadline)
	}
}

func TestQuantileIsThatOfTheAnswers(t *testing.T) {
	_, d, r := busy()
	from, to := time.Second, 9*time.Second
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
		got := r.Quantile(q, from, to)
		below, upTo, all := 0.0, 0.0, 0.0
		for _, v := range d.visits {
			if v.At < from || v.At >= to {
				continue
			}
			all++
			if v.took() < got {
				below++
			}
			if v.took() <= got {
				upTo++
			}
		}
		require.LessOrEqual(t, below, q*all, "%g", q)
		require.GreaterOrEqual(t, upTo, q*all, "%g", q)
		require.Greater(t, upTo, below, "it is one of them")
	}
	require.Zero(t, r.Quantile(0.5, from, from), "of none")
}

func TestSharesAreOfWhatTheyAreSharesOf(t *testing.T) {
	c := simulate.Counts{Offered: 10, Refused: 5, Good: 4, Late: 1}
	require.Equal(t, 0.4, c.Served())
	require.Equal(t, 0.2, c.LateShare())
	require.Equal(t, 0.5, c.RefusedShare())
	require.Equal(t, []float64{0, 0, 0}, []float64{
		simulate.Counts{}.Served(), simulate.Counts{}.LateShare(), simulate.Counts{}.RefusedShare(),
	})
}

func TestRunsOfAnyLengthHaveSlots(t *testing.T) {
	for _, length := range []time.Duration{1, 999, time.Microsecond, time.Second, 1234567891} {
		sc := plain(100, simulate.Constant, 1, length)
		d, r := written(sc)
		require.Positive(t, r.Slot())
		require.Equal(t, len(d.arrived), sum(r.Series()...).Offered)
	}
}

func TestSpanAfterTheRunIsEmpty(t *testing.T) {
	sc, _, r := busy()
	require.NotPanics(t, func() {
		require.Zero(t, r.Between(2*sc.Length, 3*sc.Length))
		require.Zero(t, r.Quantile(0.5, 2*sc.Length, 3*sc.Length))
	})
}
