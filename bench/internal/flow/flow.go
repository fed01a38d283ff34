// Package flow compares what many items, or a few functions, are put through:
// map-reduce on several goroutines, and streams on one.
//
// Items are the numbers 0 to n-1, and each result is added up and looked at. Where a
// contender has a default number of goroutines, it is that, unless the line says how
// many there are.
package flow

import (
	"iter"

	"github.com/weirgo/weir/bench/internal/concurrency/batch"
	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirModule   = "github.com/weirgo/weir"
	gozeroModule = "github.com/zeromicro/go-zero"
	xsyncModule  = "golang.org/x/sync"
	concModule   = "github.com/sourcegraph/conc"
	loModule     = "github.com/samber/lo"
	roModule     = "github.com/samber/ro"

	weirName     = "weir"
	gozeroName   = "go-zero"
	concName     = "conc"
	errgroupName = "errgroup"
	seqName      = "plain iter.Seq"
	poolName     = "hand pool"
)

// A Scale says how large the lines are. Tests have a smaller one.
type Scale struct {
	Items  int    // that are cheap
	Sleeps int    // of a millisecond
	Files  int    // about as many items as the Go source tree has files
	Tree   string // of files, below that one
}

// Full is the scale of the suite.
var Full = Scale{Items: 1_000_000, Sleeps: 1000, Files: 11_500}

// Suite returns the suite. Nothing is made before a line is measured.
func Suite() suite.Suite {
	return suite.Suite{
		Name:  "flow",
		About: "map-reduce, functions side by side, streams",
		Lines: Lines(Full),
		Withdrawn: []suite.Withdrawn{{
			Module: "github.com/destel/rill",
			Why:    "the module proxy answers: this module version is not available",
		}},
	}
}

// Lines returns the lines of the suite.
func Lines(s Scale) []suite.Line {
	return []suite.Line{reduceLine(s), filesLine(s), wordLine(s), sliceLine(s), foldLine(s), sleepLine(s), finishLine(), streamLine(s)}
}

// contender puts n items through run, which returns their sum. The figures are those
// of one of so many parts of that.
func contender(name, module string, n, parts, sum int, run func(n int) int) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
		return &batch.Batch{Items: parts, Run: func() bool { return run(n) == sum }}
	}}
}

// numbers is a source of n items.
func numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// gaussSum is the sum of the numbers 0 to n-1.
func gaussSum(n int) int { return n * (n - 1) / 2 }
