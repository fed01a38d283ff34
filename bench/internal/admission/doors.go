package admission

import (
	"context"
	"math"
	"runtime"
	"time"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/go-kratos/aegis/ratelimit"
	"github.com/go-kratos/aegis/ratelimit/bbr"
	gozeroload "github.com/zeromicro/go-zero/core/load"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/stat"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

// newShedder returns a shedder with default options, but for two. The CPU of the
// process that measures is always busy, so an idle signal that has to be read as often
// stands in for it. And there is room for a number of calls, but not for more: a
// service that does nothing would otherwise be found to be overloaded by any two
// callers that never pause.
func newShedder() *load.Shedder {
	idle := load.Signal{Name: "idle", Read: func() (float64, error) { return 0.1, nil }}
	return load.New(load.Options{
		MinLimit: inFlight, MaxLimit: inFlight,
		CPUThreshold: -1, Signals: []load.Signal{idle},
	})
}

type weirDoor = door[weir.Permit]

func weirShedder() weirDoor      { return weirTold(newShedder()) }
func weirShedderPlain() weirDoor { return weirPlain(newShedder()) }

// weirTold is asked by calls with a deadline, of four classes, equally often and in no
// order that is easy to guess.
func weirTold(s *load.Shedder) weirDoor {
	contexts := newContexts()
	return weirDoor{
		ask: func(call int) (weir.Permit, bool) {
			p, err := s.Allow(contexts[uint64(call)*0x9e3779b97f4a7c15>>62])
			return p, err == nil
		},
		done: weirDone,
	}
}

// weirPlain is asked by calls that say nothing of themselves.
func weirPlain(s *load.Shedder) weirDoor {
	ctx := context.Background()
	return weirDoor{
		ask: func(int) (weir.Permit, bool) {
			p, err := s.Allow(ctx)
			return p, err == nil
		},
		done: weirDone,
	}
}

func weirDone(p weir.Permit) { p.Done(weir.Success) }

// newContexts returns a context of each class, with a deadline that is far away.
func newContexts() *[4]context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	contexts := new([4]context.Context)
	for i := range contexts {
		contexts[i] = weir.WithCriticality(ctx, weir.Sheddable+weir.Criticality(i))
	}
	runtime.AddCleanup(contexts, func(cancel context.CancelFunc) { cancel() }, cancel)
	return contexts
}

// The limiters of aegis and go-zero look at what is in flight only while the CPU is
// busy, which they read by themselves. A threshold that no CPU reaches stands for a
// calm one, and one below each CPU for a busy one.

func aegisIdle() door[ratelimit.DoneFunc] { return aegisAt(math.MaxInt64) }
func aegisBusy() door[ratelimit.DoneFunc] { return aegisAt(math.MinInt64) }

func aegisAt(cpu int64) door[ratelimit.DoneFunc] {
	l := bbr.NewLimiter(bbr.WithCPUThreshold(cpu))
	return door[ratelimit.DoneFunc]{
		ask: func(int) (ratelimit.DoneFunc, bool) {
			done, err := l.Allow()
			return done, err == nil
		},
		done: func(done ratelimit.DoneFunc) { done(ratelimit.DoneInfo{}) },
	}
}

func gozeroIdle() door[gozeroload.Promise] { return gozeroAt(math.MaxInt64) }
func gozeroBusy() door[gozeroload.Promise] { return gozeroAt(math.MinInt32) }

// gozeroAt turns off what go-zero would log and report, as its users can.
func gozeroAt(cpu int64) door[gozeroload.Promise] {
	logx.Disable()
	stat.DisableLog()
	stat.SetReporter(nil)
	s := gozeroload.NewAdaptiveShedder(gozeroload.WithCpuThreshold(cpu))
	return door[gozeroload.Promise]{
		ask: func(int) (gozeroload.Promise, bool) {
			promise, err := s.Allow()
			return promise, err == nil
		},
		done: func(p gozeroload.Promise) { p.Pass() },
	}
}

// failsafeLimiter needs no CPU to be busy. Its limit is where Weir's is.
func failsafeLimiter() door[adaptivelimiter.Permit] {
	l := adaptivelimiter.NewBuilder[any]().WithLimits(inFlight, inFlight, inFlight).Build()
	return door[adaptivelimiter.Permit]{
		ask:  func(int) (adaptivelimiter.Permit, bool) { return l.TryAcquirePermit() },
		done: func(p adaptivelimiter.Permit) { p.Record() },
	}
}
