package concurrency

import (
	"github.com/sourcegraph/conc/panics"
	gozero "github.com/zeromicro/go-zero/core/threading"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/threading"
)

func safeLine() suite.Line {
	c := func(name, module string, run func(func())) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return calls(run) }}
	}
	return suite.Line{
		Name: "RunSafe",
		Work: "call a function that might panic, and does not",
		Contenders: []suite.Contender{
			c(weirName, weirModule, threading.RunSafe),
			c(gozeroName, gozeroModule, gozero.RunSafe),
			c("conc", concModule, func(fn func()) { panics.Try(fn) }),
			c("defer and recover", "", recovered),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 1, gozeroName), suite.Allocs(weirName, 0)},
	}
}

func calls(run func(func())) suite.Subject {
	return &suite.Timed{Loop: func(n int) (odd int) {
		called := 0
		fn := func() { called++ }
		for range n {
			run(fn)
		}
		return n - called
	}}
}

func recovered(fn func()) {
	defer func() { _ = recover() }()
	fn()
}
