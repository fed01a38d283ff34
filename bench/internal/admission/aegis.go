package admission

import (
	"time"

	"github.com/go-kratos/aegis/circuitbreaker"
	"github.com/go-kratos/aegis/circuitbreaker/sre"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	aegisModule = "github.com/go-kratos/aegis"
	aegisName   = "aegis sre"
)

// newAegis keeps the defaults, with the window of the others.
func newAegis() circuitbreaker.CircuitBreaker {
	return sre.NewBreaker(sre.WithWindow(10 * time.Second))
}

func aegisSuccess() suite.Loop {
	b := newAegis()
	return func(n int) (odd int) {
		for range n {
			if b.Allow() != nil {
				odd++
				continue
			}
			if works() == nil {
				b.MarkSuccess()
			}
		}
		return odd
	}
}

func aegisRefusal() (fail func() (refused bool), loop suite.Loop) {
	b := newAegis()
	fail = func() bool { return aegisFail(b) }
	return fail, func(n int) (odd int) {
		for range n {
			if !aegisFail(b) {
				odd++
			}
		}
		return odd
	}
}

// aegisFail makes a failing call the way aegis wants it: a refusal has to be
// marked as well, so that the breaker goes on counting what it is asked for.
func aegisFail(b circuitbreaker.CircuitBreaker) (refused bool) {
	refused = b.Allow() != nil
	b.MarkFailed()
	return refused
}

func aegisUsed() any {
	b := newAegis()
	succeed := func() {
		if b.Allow() == nil {
			b.MarkSuccess()
		}
	}
	traffic(succeed, func() { aegisFail(b) })
	return b
}
