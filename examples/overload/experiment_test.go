package main

import (
	"errors"
	"testing"
	"time"
)

// attempts returns a measurement that has these stalls, one after the other, and
// says by its goodput which attempt it was.
func attempts(stalls ...time.Duration) func() (figures, time.Duration, error) {
	n := 0
	return func() (figures, time.Duration, error) {
		n++
		return figures{Goodput: float64(n)}, stalls[n-1], nil
	}
}

func TestSpoiltStepIsRepeatedAndTheLeastSpoiltKept(t *testing.T) {
	const ok, bad, worse = 200 * time.Millisecond, 201 * time.Millisecond, time.Second
	for _, c := range []struct {
		stalls    []time.Duration
		repeats   int
		keeps     float64
		stall     time.Duration
		remaining int
	}{
		{[]time.Duration{ok}, 4, 1, ok, 4},
		{[]time.Duration{bad, ok}, 4, 2, ok, 3},
		{[]time.Duration{worse, bad, ok}, 4, 3, ok, 2},
		{[]time.Duration{worse, worse, bad}, 4, 3, bad, 2},
		{[]time.Duration{bad, worse}, 1, 1, bad, 0},
		{[]time.Duration{worse, bad}, 1, 2, bad, 0},
		{[]time.Duration{worse}, 0, 1, worse, 0},
	} {
		e := experiment{plan: commonPlan(), repeats: c.repeats}
		told := 0
		f, err := e.steady(attempts(c.stalls...), func(time.Duration) { told++ })
		if err != nil || f.Goodput != c.keeps || e.stall != c.stall || e.repeats != c.remaining {
			t.Errorf("%v: kept attempt %v with stall %v, %d repeats left, %v", c.stalls, f.Goodput, e.stall, e.repeats, err)
		}
		if told != len(c.stalls)-1 {
			t.Errorf("%v: told of %d repeats", c.stalls, told)
		}
	}
}

func TestFailedMeasurementIsNotRepeated(t *testing.T) {
	broken := errors.New("broken")
	e := experiment{plan: commonPlan(), repeats: 4}
	_, err := e.steady(func() (figures, time.Duration, error) {
		return figures{}, time.Hour, broken
	}, func(time.Duration) { t.Error("repeated") })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
