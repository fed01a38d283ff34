package flow

import (
	"context"

	gozero "github.com/zeromicro/go-zero/core/mr"
	"golang.org/x/sync/errgroup"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/mr"
)

// finishLine holds Weir against the errgroup that does the same: an error ends the
// context of the others. The plain one and go-zero leave them alone.
func finishLine() suite.Line {
	const withContext = "errgroup, with a context"
	c := func(name, module string, finish func() error) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return calls(finish) }}
	}
	return suite.Line{
		Name: "Finish",
		Work: "call three functions side by side, and wait for them",
		Contenders: []suite.Contender{
			c(weirName, weirModule, weirFinish),
			c(gozeroName, gozeroModule, func() error { return gozero.Finish(nothing, nothing, nothing) }),
			c(withContext, xsyncModule, contextFinish),
			c(errgroupName, xsyncModule, plainFinish),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 1, withContext)},
	}
}

func calls(finish func() error) suite.Subject {
	return &suite.Timed{Loop: func(n int) (odd int) {
		for range n {
			if finish() != nil {
				odd++
			}
		}
		return odd
	}}
}

func nothing() error { return nil }

func weirFinish() error {
	fn := func(ctx context.Context) error { return nothing() }
	return mr.Finish(context.Background(), fn, fn, fn)
}

func contextFinish() error {
	g, _ := errgroup.WithContext(context.Background())
	return three(g)
}

func plainFinish() error { return three(new(errgroup.Group)) }

func three(g *errgroup.Group) error {
	g.Go(nothing)
	g.Go(nothing)
	g.Go(nothing)
	return g.Wait()
}
