package executors

import (
	"context"
	"time"

	gozero "github.com/zeromicro/go-zero/core/executors"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/executors"
)

// pace is how often something is done that is asked for far more often.
const pace = time.Millisecond

func delayLine() suite.Line {
	return suite.Line{
		Name: "delay trigger",
		Work: "ask for a call, which comes once per millisecond",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, func() func() bool {
				d := executors.NewDelay(executors.DelayOptions{Delay: pace, Do: func(context.Context) { total.Add(1) }})
				return func() bool { return d.Trigger() == nil }
			}),
			contender(gozeroName, gozeroModule, func() func() bool {
				d := gozero.NewDelayExecutor(func() { total.Add(1) }, pace)
				return func() bool { d.Trigger(); return true }
			}),
		},
		// Weir counts triggers, and looks whether it is closed.
		Targets: []suite.Target{suite.Ratio(weirName, 1.2, gozeroName), suite.Allocs(weirName, 0)},
	}
}

func lessLine() suite.Line {
	fn := func() { total.Add(1) }
	return suite.Line{
		Name: "less",
		Work: "ask for a call that is left out but once per millisecond",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, func() func() bool {
				l := executors.NewLess(pace)
				return func() bool { l.Do(fn); return true }
			}),
			contender(gozeroName, gozeroModule, func() func() bool {
				l := gozero.NewLessExecutor(pace)
				return func() bool { l.DoOrDiscard(fn); return true }
			}),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 1, gozeroName), suite.Allocs(weirName, 0)},
	}
}
