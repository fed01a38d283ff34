package limit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

var (
	errNonsense = errors.New("limit: the store's answer makes no sense")
	errGoexit   = errors.New("limit: the store ended the goroutine")
)

// A request is what a limiter asks a store: for tokens if it has buckets, else
// for a place in the window.
type request struct {
	key     string
	n       int
	within  time.Duration
	buckets []Bucket
	window  Window
}

// ask asks a store, which may panic, or answer anything.
func (r *request) ask(ctx context.Context, s Store, prefix string) (t Taken, err error) {
	defer func() {
		if v := recover(); v != nil {
			t, err = Taken{}, panicError(v)
		}
	}()
	if r.buckets != nil {
		t, err = s.TakeTokens(ctx, prefix+r.key, r.n, r.within, r.buckets)
	} else {
		t, err = s.TakeWindow(ctx, prefix+r.key, r.n, r.window)
	}
	if err == nil && !r.plausible(t) {
		return Taken{}, fmt.Errorf("%w: %+v", errNonsense, t)
	}
	return t, err
}

func panicError(v any) error {
	if err, ok := v.(error); ok {
		return fmt.Errorf("limit: the store panicked: %w", err)
	}
	return fmt.Errorf("limit: the store panicked: %v", v)
}

// most returns how many events fit at once.
func (r *request) most() int {
	if r.buckets == nil {
		return r.window.Quota
	}
	return slices.MinFunc(r.buckets, func(a, b Bucket) int { return a.Burst - b.Burst }).Burst
}

// plausible reports whether a correct store could answer so.
func (r *request) plausible(t Taken) bool {
	if t.Limit < 1 || t.Remaining < 0 || t.Remaining > t.Limit || t.Reset < 0 {
		return false
	}
	switch {
	case !r.knows(t.Limit):
		return false
	case t.OK:
		return r.n <= r.most() && t.Wait >= 0 && t.Wait <= r.within
	case r.n < 0:
		return false // what is given back is taken back
	case t.Wait < 0:
		return r.n > r.most()
	}
	return t.Wait > 0
}

// knows reports whether a bucket or the window has that limit.
func (r *request) knows(limit int) bool {
	if r.buckets == nil {
		return limit == r.window.Quota
	}
	return slices.ContainsFunc(r.buckets, func(b Bucket) bool { return b.Burst == limit })
}
