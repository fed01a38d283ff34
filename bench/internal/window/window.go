// Package window compares rolling windows of 40 buckets of 250 ms: adding a
// value, and adding one and reading the total.
package window

import (
	"time"

	gozero "github.com/zeromicro/go-zero/core/collection"

	"github.com/weirgo/weir/collection"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirName     = "weir"
	gozeroName   = "go-zero"
	weirModule   = "github.com/weirgo/weir"
	gozeroModule = "github.com/zeromicro/go-zero"

	buckets  = 40
	interval = 250 * time.Millisecond
)

// Suite returns the suite. Nothing is made before a line is measured.
func Suite() suite.Suite {
	return suite.Suite{
		Name:  "window",
		About: "rolling windows",
		Lines: []suite.Line{
			line("rolling window Add", "add a value", 0.6, weirAdd, gozeroAdd),
			line("rolling window Add and total", "add a value, then sum up the window", 0.35, weirAddTotal, gozeroAddTotal),
		},
		Withdrawn: []suite.Withdrawn{{
			Module: "github.com/alibaba/sentinel-golang",
			Why:    "the module proxy answers: this module version is not available",
		}},
	}
}

func line(name, work string, ratio float64, ours, theirs func() suite.Loop) suite.Line {
	return suite.Line{
		Name: name,
		Work: work,
		Contenders: []suite.Contender{
			{Name: weirName, Module: weirModule, New: timed(ours)},
			{Name: gozeroName, Module: gozeroModule, New: timed(theirs)},
		},
		Targets: []suite.Target{suite.Ratio(weirName, ratio, gozeroName), suite.Allocs(weirName, 0)},
	}
}

func weirAdd() suite.Loop {
	w := collection.NewRollingWindow[int64](buckets, interval)
	return func(n int) int {
		for range n {
			w.Add(1)
		}
		return missed(w.Total().Count)
	}
}

func weirAddTotal() suite.Loop {
	w := collection.NewRollingWindow[int64](buckets, interval)
	return func(n int) (odd int) {
		for range n {
			w.Add(1)
			odd += missed(w.Total().Count)
		}
		return odd
	}
}

type gozeroBucket = gozero.Bucket[int64]

func newGozero() *gozero.RollingWindow[int64, *gozeroBucket] {
	return gozero.NewRollingWindow[int64, *gozeroBucket](func() *gozeroBucket { return new(gozeroBucket) }, buckets, interval)
}

func gozeroAdd() suite.Loop {
	w := newGozero()
	return func(n int) int {
		for range n {
			w.Add(1)
		}
		return missed(gozeroTotal(w))
	}
}

func gozeroAddTotal() suite.Loop {
	w := newGozero()
	return func(n int) (odd int) {
		for range n {
			w.Add(1)
			odd += missed(gozeroTotal(w))
		}
		return odd
	}
}

func gozeroTotal(w *gozero.RollingWindow[int64, *gozeroBucket]) (count int64) {
	w.Reduce(func(b *gozeroBucket) { count += b.Count })
	return count
}

// missed is 1 if a window that was just added to is empty.
func missed(count int64) int {
	if count == 0 {
		return 1
	}
	return 0
}

func timed(loop func() suite.Loop) func() suite.Subject {
	return func() suite.Subject { return &suite.Timed{Loop: loop()} }
}
