package lab

import (
	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/adaptivethrottler"

	"github.com/weirgo/weir/internal/simulate"
)

// Of failsafe's two adaptive limiters the one without a queue is here. The other one
// blocks its callers, and so does its limiter with priorities, whose threshold a
// ticking goroutine computes besides: neither can be asked from an event loop.
func failsafeLimiter() Subject {
	return Subject{"failsafe limiter", func() simulate.Guard {
		return &limiterGuard{adaptivelimiter.NewWithDefaults[any]()}
	}}
}

type limiterGuard struct {
	limiter adaptivelimiter.AdaptiveLimiter[any]
}

// Admit implements [simulate.Guard].
func (g *limiterGuard) Admit(simulate.Request) (func(late bool), bool) {
	permit, ok := g.limiter.TryAcquirePermit()
	if !ok {
		return nil, false
	}
	return func(bool) { permit.Record() }, true
}

// The throttler hears of failures only, and a late answer is one if the service is
// told the deadline.
func failsafeThrottler() Subject {
	return Subject{"failsafe throttler", func() simulate.Guard {
		return &throttlerGuard{adaptivethrottler.NewWithDefaults[any]()}
	}}
}

type throttlerGuard struct {
	throttler adaptivethrottler.AdaptiveThrottler[any]
}

// Admit implements [simulate.Guard].
func (g *throttlerGuard) Admit(r simulate.Request) (func(late bool), bool) {
	if g.throttler.AcquirePermit() != nil {
		return nil, false
	}
	return func(late bool) {
		if late && !r.Hidden {
			g.throttler.RecordFailure()
			return
		}
		g.throttler.RecordSuccess()
	}, true
}
