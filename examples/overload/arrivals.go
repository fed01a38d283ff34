package main

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"
)

// arrivals yields the times, from the start, at which the requests of a Poisson
// process with the given rate per second are due. It never ends by itself.
func arrivals(rate float64, seed uint64) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		rng := rand.New(rand.NewPCG(seed, 0))
		at := 0.0
		for {
			at += rng.ExpFloat64() / rate
			if !yield(time.Duration(at * float64(time.Second))) {
				return
			}
		}
	}
}

// sleepUntil sleeps until t, or until ctx is done and then returns its error.
func sleepUntil(ctx context.Context, t time.Time) error {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
