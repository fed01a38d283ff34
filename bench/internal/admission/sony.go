package admission

import (
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	sonyModule = "github.com/sony/gobreaker/v2"
	sonyName   = "gobreaker"
)

type sonyBreaker = gobreaker.CircuitBreaker[struct{}]

func sonySettings() gobreaker.Settings {
	return gobreaker.Settings{
		Interval: 10 * time.Second,
		Timeout:  time.Hour, // stays open while it is measured
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.Requests >= 20 && c.TotalFailures*2 >= c.Requests
		},
	}
}

// newSony returns a breaker with a fixed window, the cheaper of its two kinds.
func newSony() *sonyBreaker {
	return gobreaker.NewCircuitBreaker[struct{}](sonySettings())
}

func sonySuccess() suite.Loop { return sonyLoop(newSony()) }

func sonyRolling() suite.Loop {
	settings := sonySettings()
	settings.BucketPeriod = 250 * time.Millisecond
	return sonyLoop(gobreaker.NewCircuitBreaker[struct{}](settings))
}

func sonyLoop(cb *sonyBreaker) suite.Loop {
	return func(n int) (odd int) {
		for range n {
			if _, err := cb.Execute(worksValue); err != nil {
				odd++
			}
		}
		return odd
	}
}

func sonyTwoStep() suite.Loop {
	cb := gobreaker.NewTwoStepCircuitBreaker[struct{}](sonySettings())
	return func(n int) (odd int) {
		for range n {
			done, err := cb.Allow()
			if err != nil {
				odd++
				continue
			}
			done(works())
		}
		return odd
	}
}

func sonyRefusal() (fail func() (refused bool), loop suite.Loop) {
	cb := newSony()
	fail = func() bool {
		_, err := cb.Execute(breaksValue)
		return err == gobreaker.ErrOpenState
	}
	return fail, func(n int) (odd int) {
		for range n {
			if _, err := cb.Execute(breaksValue); err != gobreaker.ErrOpenState {
				odd++
			}
		}
		return odd
	}
}

func sonyUsed() any {
	cb := newSony()
	traffic(func() { cb.Execute(worksValue) }, func() { cb.Execute(breaksValue) })
	return cb
}
