package admission

import (
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	failsafeModule       = "github.com/failsafe-go/failsafe-go"
	failsafeName         = "failsafe"
	failsafeExecutorName = "failsafe by its executor"
)

// newFailsafe returns a breaker with a time window; those that count calls are
// cheaper and forget nothing while nobody calls.
func newFailsafe() circuitbreaker.CircuitBreaker[any] {
	return circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(0.5, 20, 10*time.Second).
		WithDelay(time.Hour). // stays open while it is measured
		Build()
}

func failsafeSuccess() suite.Loop {
	cb := newFailsafe()
	return func(n int) (odd int) {
		for range n {
			if !cb.TryAcquirePermit() {
				odd++
				continue
			}
			if works() == nil {
				cb.RecordSuccess()
			}
		}
		return odd
	}
}

func failsafeExecutorSuccess() suite.Loop {
	executor := failsafe.With[any](newFailsafe())
	return func(n int) (odd int) {
		for range n {
			if executor.Run(works) != nil {
				odd++
			}
		}
		return odd
	}
}

func failsafeRefusal() (fail func() (refused bool), loop suite.Loop) {
	cb := newFailsafe()
	fail = func() bool { return failsafeFail(cb) }
	return fail, func(n int) (odd int) {
		for range n {
			if cb.TryAcquirePermit() {
				cb.RecordFailure()
				odd++
			}
		}
		return odd
	}
}

func failsafeFail(cb circuitbreaker.CircuitBreaker[any]) (refused bool) {
	if !cb.TryAcquirePermit() {
		return true
	}
	cb.RecordFailure()
	return false
}

func failsafeExecutorRefusal() (fail func() (refused bool), loop suite.Loop) {
	executor := failsafe.With[any](newFailsafe())
	fail = func() bool { return executor.Run(breaks) == circuitbreaker.ErrOpen }
	return fail, func(n int) (odd int) {
		for range n {
			if executor.Run(breaks) != circuitbreaker.ErrOpen {
				odd++
			}
		}
		return odd
	}
}

func failsafeUsed() any {
	cb := newFailsafe()
	succeed := func() {
		if cb.TryAcquirePermit() {
			cb.RecordSuccess()
		}
	}
	traffic(succeed, func() { failsafeFail(cb) })
	return cb
}
