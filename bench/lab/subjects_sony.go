package lab

import (
	"context"

	"github.com/sony/gobreaker/v2"

	"github.com/weirgo/weir/internal/simulate"
)

// gobreaker stands for those who hope that a circuit breaker helps against overload.
func sony() Subject {
	return Subject{"gobreaker", func() simulate.Guard {
		return &sonyGuard{gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{})}
	}}
}

type sonyGuard struct {
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
}

// Admit implements [simulate.Guard].
func (g *sonyGuard) Admit(r simulate.Request) (func(late bool), bool) {
	done, err := g.breaker.Allow()
	if err != nil {
		return nil, false
	}
	return func(late bool) {
		if late && !r.Hidden {
			done(context.DeadlineExceeded)
			return
		}
		done(nil)
	}, true
}
