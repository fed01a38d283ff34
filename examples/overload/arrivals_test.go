package main

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"
)

// gaps returns the times between the first n arrivals, in seconds.
func gaps(n int, rate float64, seed uint64) []float64 {
	var out []float64
	last := time.Duration(0)
	for at := range arrivals(rate, seed) {
		out = append(out, (at - last).Seconds())
		last = at
		if len(out) == n {
			break
		}
	}
	return out
}

// An exponential distribution has a standard deviation equal to its mean.
func TestArrivalsAreAPoissonProcess(t *testing.T) {
	const n, rate = 100_000, 250.0
	sum, squares := 0.0, 0.0
	for _, g := range gaps(n, rate, 1) {
		if g < 0 {
			t.Fatalf("negative gap %v", g)
		}
		sum += g
		squares += g * g
	}
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean*rate-1) > 0.02 {
		t.Errorf("mean gap %v, want %v", mean, 1/rate)
	}
	if math.Abs(deviation*rate-1) > 0.03 {
		t.Errorf("deviation %v, want %v", deviation, 1/rate)
	}
}

func TestSameSeedSameArrivals(t *testing.T) {
	a, b, c := gaps(1000, 250, 7), gaps(1000, 250, 7), gaps(1000, 250, 8)
	same := 0
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("arrival %d differs with the same seed", i)
		}
		if a[i] == c[i] {
			same++
		}
	}
	if same > 10 {
		t.Errorf("%d of 1000 gaps are the same with another seed", same)
	}
}

func TestSleepUntilEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := sleepUntil(ctx, time.Now().Add(-time.Second)); err != nil {
		t.Errorf("a time in the past: %v", err)
	}
	cancel()
	for _, at := range []time.Time{time.Now().Add(-time.Second), time.Now().Add(time.Hour)} {
		if err := sleepUntil(ctx, at); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}
