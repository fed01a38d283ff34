package lab

import (
	"math"

	"github.com/go-kratos/aegis/ratelimit"
	"github.com/go-kratos/aegis/ratelimit/bbr"

	"github.com/weirgo/weir/internal/simulate"
)

// aegis acts above a CPU of 80 % only, and reads the CPU by itself. A threshold that
// no CPU reaches is the limiter as it ships while the CPU is idle. One that each CPU
// reaches is the limiter as it ships while the CPU is busy.
func aegisIdle() Subject { return aegis("aegis, CPU idle", math.MaxInt64) }
func aegisBusy() Subject { return aegis("aegis, CPU busy", math.MinInt64) }

func aegis(name string, threshold int64) Subject {
	return Subject{name, func() simulate.Guard {
		return &aegisGuard{bbr.NewLimiter(bbr.WithCPUThreshold(threshold))}
	}}
}

type aegisGuard struct{ limiter *bbr.BBR }

// Admit implements [simulate.Guard].
func (g *aegisGuard) Admit(simulate.Request) (func(late bool), bool) {
	done, err := g.limiter.Allow()
	if err != nil {
		return nil, false
	}
	return func(bool) { done(ratelimit.DoneInfo{}) }, true
}
