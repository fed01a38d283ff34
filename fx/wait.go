package fx

import (
	"context"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// grace is for how long those who leave wait for what they have told to stop. What
// heeds that needs microseconds; with them, it has ended when they return.
const grace = time.Millisecond

// withinGrace reports whether done is closed while grace lasts.
func withinGrace(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// sleep waits for d, or returns the error of ctx, should that be done first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctxerr.Err(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctxerr.Err(ctx)
}

// receive takes the next item from source. It returns false if source is closed,
// ctx is done, or timeout has come; a nil timeout never comes.
func receive[T any](ctx context.Context, source <-chan T, timeout <-chan time.Time) (v T, more, late bool) {
	if ctx.Err() != nil { // select would choose at random
		return v, false, false
	}
	select {
	case v, more = <-source:
	case <-ctx.Done():
	case <-timeout:
		late = true
	}
	return v, more, late
}
