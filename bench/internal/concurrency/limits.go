package concurrency

import (
	"context"
	"fmt"

	gozero "github.com/zeromicro/go-zero/core/syncx"
	"golang.org/x/sync/semaphore"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/syncx"
)

// limitLine has a loop for each contender, as a call through a function value would
// be a good part of what it measures.
func limitLine() suite.Line {
	c := func(name, module string, newLoop func() suite.Loop) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
			return &suite.Timed{Loop: newLoop()}
		}}
	}
	return suite.Line{
		Name: "limit, free",
		Work: fmt.Sprintf("borrow one of %d permits, and give it back", roomy),
		Contenders: []suite.Contender{
			c(weirName, weirModule, weirLimit),
			c(xsyncName, xsyncModule, weighted),
			c(gozeroName, gozeroModule, gozeroLimit),
			c("buffered channel", "", tokens),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 0.6, xsyncName), suite.Allocs(weirName, 0)},
	}
}

func weirLimit() suite.Loop {
	ctx := context.Background()
	l := syncx.NewLimit(roomy)
	return func(n int) (odd int) {
		for range n {
			if l.Borrow(ctx) != nil || l.Return() != nil {
				odd++
			}
		}
		return odd
	}
}

// weighted panics by itself if more is given back than was borrowed.
func weighted() suite.Loop {
	ctx := context.Background()
	w := semaphore.NewWeighted(roomy)
	return func(n int) (odd int) {
		for range n {
			if w.Acquire(ctx, 1) != nil {
				odd++
				continue
			}
			w.Release(1)
		}
		return odd
	}
}

func gozeroLimit() suite.Loop {
	l := gozero.NewLimit(roomy)
	return func(n int) (odd int) {
		for range n {
			l.Borrow()
			if l.Return() != nil {
				odd++
			}
		}
		return odd
	}
}

func tokens() suite.Loop {
	permits := make(chan struct{}, roomy)
	return func(n int) int {
		for range n {
			permits <- struct{}{}
			<-permits
		}
		return 0
	}
}
