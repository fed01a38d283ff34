package main

import (
	"testing"
	"time"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		sorted []time.Duration
		q      float64
		want   time.Duration
	}{
		{nil, 0.5, 0},
		{hundred[:1], 0, 1},
		{hundred[:1], 0.99, 1},
		{hundred[:2], 0.5, 1},
		{hundred[:3], 0.5, 2},
		{hundred, 0.5, 50},
		{hundred, 0.99, 99},
		{hundred, 1, 100},
	} {
		if got := percentile(c.sorted, c.q); got != c.want {
			t.Errorf("percentile(%d values, %v) = %d, want %d", len(c.sorted), c.q, got, c.want)
		}
	}
}

func TestFiguresAreRatesAndWaitsWithoutRefusals(t *testing.T) {
	ta := &tally{}
	for range 10 {
		ta.offer(0)
	}
	for i := range 4 {
		ta.end(good, time.Duration(i+1)*10*time.Millisecond)
	}
	ta.end(late, time.Second)
	for range 4 {
		ta.end(refused, time.Hour)
	}
	ta.end(failed, time.Hour)
	want := figures{Offered: 5, Goodput: 2, Refused: 2, Late: 0.5, Failed: 0.5, P50: 30, P99: 1000}
	if got := ta.figures(2 * time.Second); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestFiguresOfNothingAreZero(t *testing.T) {
	if got := (&tally{}).figures(time.Second); got != (figures{}) {
		t.Errorf("got %+v", got)
	}
}
