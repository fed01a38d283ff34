package adapters

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	gozeroload "github.com/zeromicro/go-zero/core/load"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/stat"

	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/load"
)

const (
	inFlight = 100
	patience = time.Second
	events   = 100_000_000 // per second, and at once: more than anybody asks for
)

func newBreaker() *breaker.Breaker { return breaker.New(breaker.Options{}) }

func newConcurrency() *limit.Concurrency {
	return limit.NewConcurrency(limit.ConcurrencyOptions{Max: inFlight})
}

func newToken() *limit.Token {
	return limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(events)})
}

// newShedder returns a shedder that has room for a number of calls. The CPU of the
// process that measures is always busy, so an idle signal that has to be read as
// often stands in for it.
func newShedder() *load.Shedder {
	idle := load.Signal{Name: "idle", Read: func() (float64, error) { return 0.1, nil }}
	return load.New(load.Options{
		MinLimit: inFlight, MaxLimit: inFlight,
		CPUThreshold: -1, Signals: []load.Signal{idle},
	})
}

// Those of failsafe have the type of what they guard.

func failsafeBreaker[R any]() circuitbreaker.CircuitBreaker[R] {
	return circuitbreaker.NewBuilder[R]().WithFailureRateThreshold(0.5, 20, 10*time.Second).Build()
}

func failsafeBulkhead[R any]() bulkhead.Bulkhead[R] { return bulkhead.New[R](inFlight) }

func failsafeShedder[R any]() adaptivelimiter.AdaptiveLimiter[R] {
	return adaptivelimiter.NewBuilder[R]().WithLimits(inFlight, inFlight, inFlight).Build()
}

// quietGozero turns off what go-zero would log and report, as its users can.
func quietGozero() {
	logx.Disable()
	stat.DisableLog()
	stat.SetReporter(nil)
}

// gozeroShedder never finds the CPU busy, so it always admits.
func gozeroShedder() gozeroload.Shedder {
	quietGozero()
	return gozeroload.NewAdaptiveShedder(gozeroload.WithCpuThreshold(math.MaxInt64))
}

var errLimited = errors.New("adapters: limited")

// tokens is Weir's limiter in the shape that go-grpc-middleware wants.
type tokens struct{ *limit.Token }

func (t tokens) Limit(ctx context.Context) error {
	if d, err := t.Allow(ctx, method); err != nil || !d.Allowed {
		return errLimited
	}
	return nil
}
