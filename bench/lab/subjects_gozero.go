package lab

import (
	"math"

	"github.com/zeromicro/go-zero/core/load"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/stat"

	"github.com/weirgo/weir/internal/simulate"
)

// go-zero's shedder acts only while the CPU of its machine is busy, and its package
// reads that CPU by itself. A run must not depend on the machine that it runs on, so
// the threshold stands in for the CPU: one that no CPU reaches is the shedder as it
// ships while the CPU is idle, and one far below any CPU is the shedder as it ships
// while the CPU has nothing left: it is awake, and divides its limit by ten. What
// it does in between depends on the very reading and cannot be had in virtual time.
const (
	cpuIdle = math.MaxInt64
	cpuFull = math.MinInt32
)

func gozeroIdle() Subject { return gozero("go-zero, CPU idle", cpuIdle) }
func gozeroFull() Subject { return gozero("go-zero, CPU full", cpuFull) }

func gozero(name string, threshold int64) Subject {
	return Subject{name, func() simulate.Guard {
		quiet()
		return &gozeroGuard{load.NewAdaptiveShedder(load.WithCpuThreshold(threshold))}
	}}
}

// quiet turns off what go-zero would log, as its users can.
func quiet() {
	logx.Disable()
	stat.DisableLog()
	stat.SetReporter(nil)
}

type gozeroGuard struct{ shedder load.Shedder }

// Admit implements [simulate.Guard]. Its servers call Fail where a deadline has
// passed.
func (g *gozeroGuard) Admit(r simulate.Request) (func(late bool), bool) {
	promise, err := g.shedder.Allow()
	if err != nil {
		return nil, false
	}
	return func(late bool) {
		if late && !r.Hidden {
			promise.Fail()
			return
		}
		promise.Pass()
	}, true
}
