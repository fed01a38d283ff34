package ratelimit

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
	"golang.org/x/time/rate"

	"github.com/weirgo/weir/limit"
)

// per is the span of a quota.
func (q quota) per() time.Duration {
	if q.refusing {
		return time.Hour
	}
	return time.Second
}

func (q quota) rate() limit.Rate { return limit.Rate{Events: q.events, Per: q.per()} }

func newWeir(q quota) decide {
	return weir(q, limit.TokenOptions{Rate: q.rate(), Burst: q.events})
}

func newWeirOfThree(q quota) decide {
	bucket := limit.Bucket{Rate: q.rate(), Burst: q.events}
	return weir(q, limit.TokenOptions{Rate: q.rate(), Burst: q.events, Also: []limit.Bucket{bucket, bucket}})
}

func weir(q quota, o limit.TokenOptions) decide {
	l, ctx := limit.NewToken(o), context.Background()
	return func(key string) (allowed, wrong bool) {
		d, err := l.Allow(ctx, key)
		return d.Allowed, err != nil || d.Limit != q.events || d.Remaining >= d.Limit || d.ResetAfter <= 0 ||
			d.Allowed != (d.RetryAfter == 0) || d.Degraded
	}
}

// newXtime answers yes or no, and what remains only to who asks again.
func newXtime(q quota) decide {
	l := rate.NewLimiter(rate.Limit(float64(q.events)/q.per().Seconds()), q.events)
	return func(string) (allowed, wrong bool) { return l.Allow(), false }
}

// newGolimit answers with the limit, what remains and when all is back. Its tokens
// come back at the end of an interval, and then fewer than there were, so the
// interval is longer than any run.
func newGolimit(q quota) decide {
	store, err := memorystore.New(&memorystore.Config{
		Tokens: uint64(q.events), Interval: time.Hour, InitialAlloc: 10_000,
	})
	ctx := context.Background()
	return func(key string) (allowed, wrong bool) {
		tokens, remaining, _, ok, failed := store.Take(ctx, key)
		return ok, err != nil || failed != nil || tokens != uint64(q.events) || remaining >= tokens
	}
}

// newThrottled answers as Weir does. Ten attempts to swap its state, its default,
// are not enough where two goroutines ask of one key: some calls would fail.
func newThrottled(q quota) decide {
	store, err := memstore.NewCtx(0) // any number of keys: the faster kind
	if err != nil {
		return impossible
	}
	l, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{
		MaxRate: throttledRate(q), MaxBurst: q.events - 1,
	})
	if err != nil {
		return impossible
	}
	l.SetMaxCASAttemptsLimit(10_000)
	ctx := context.Background()
	return func(key string) (allowed, wrong bool) {
		limited, r, err := l.RateLimitCtx(ctx, key, 1)
		return !limited, err != nil || r.Limit != q.events || r.Remaining >= r.Limit || limited != (r.RetryAfter > 0)
	}
}

func throttledRate(q quota) throttled.Rate {
	if q.refusing {
		return throttled.PerHour(q.events)
	}
	return throttled.PerSec(q.events)
}

func impossible(string) (allowed, wrong bool) { return false, true }

// newFailsafeSmooth has no burst: one event per interval, here a nanosecond.
func newFailsafeSmooth(q quota) decide {
	l := ratelimiter.NewSmooth[any](uint(q.events), q.per())
	return func(string) (allowed, wrong bool) { return l.TryAcquirePermit(), false }
}

// newFailsafeBursty counts events in fixed periods.
func newFailsafeBursty(q quota) decide {
	l := ratelimiter.NewBursty[any](uint(q.events), q.per())
	return func(string) (allowed, wrong bool) { return l.TryAcquirePermit(), false }
}
