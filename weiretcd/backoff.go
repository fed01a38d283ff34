package weiretcd

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstWait = 100 * time.Millisecond
	lastWait  = 10 * time.Second
)

// backoff returns how long to wait after n failures before this one: between half
// and all of 100 ms, 200 ms, and so on up to 10 s. The spread keeps the clients of
// an etcd that is back from coming all at once.
func backoff(n int) time.Duration {
	d := lastWait
	if n < 7 {
		d = firstWait << n
	}
	return d/2 + rand.N(d/2)
}

// around spreads d evenly over 80 to 120 % of it.
func around(d time.Duration) time.Duration { return d*4/5 + rand.N(d*2/5+1) }

// sleep reports whether ctx still lives afterwards.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// A retry counts failures in a row. What lasted is none: it begins anew.
type retry struct{ n int }

func (r *retry) wait(lasted time.Duration) time.Duration {
	if lasted > lastWait {
		r.n = 0
	}
	r.n++
	return backoff(r.n - 1)
}
