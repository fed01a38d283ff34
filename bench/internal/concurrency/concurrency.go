// Package concurrency compares what goroutines share: pools of resources, loads
// that are done once for all who ask, semaphores, and workers for many tasks.
//
// Contenders of a line are called in the same way, and mostly through a function
// value, which costs them all the same.
package concurrency

import (
	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirModule   = "github.com/weirgo/weir"
	gozeroModule = "github.com/zeromicro/go-zero"
	xsyncModule  = "golang.org/x/sync"
	puddleModule = "github.com/jackc/puddle/v2"
	pondModule   = "github.com/alitto/pond/v2"
	antsModule   = "github.com/panjf2000/ants/v2"
	concModule   = "github.com/sourcegraph/conc"

	weirName   = "weir"
	gozeroName = "go-zero"
	puddleName = "puddle"
	xsyncName  = "x/sync"
)

// A Scale says how large the lines are. Tests have a smaller one.
type Scale struct {
	Loans int // of a contended pool, at a time of measuring
	Tasks int // that workers are given, at a time of measuring
}

// Full is the scale of the suite.
var Full = Scale{Loans: 64_000, Tasks: 1_000_000}

// Suite returns the suite. Nothing is made before a line is measured.
func Suite() suite.Suite {
	return suite.Suite{
		Name:  "concurrency",
		About: "pools, shared loads, semaphores, workers",
		Lines: Lines(Full),
	}
}

// Lines returns the lines of the suite.
func Lines(s Scale) []suite.Line {
	return []suite.Line{
		freePoolLine(), contendedPoolLine(s), flightLine(), limitLine(), taskLine(s), safeLine(),
	}
}

// contender is of work that make returns as a function, which does it once and
// reports whether the result is right. Several goroutines may call that at a time.
func contender(name, module string, make func() func() bool) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return timed(make()) }}
}

func timed(once func() bool) suite.Subject {
	return &suite.Timed{Loop: func(n int) (odd int) {
		for range n {
			if !once() {
				odd++
			}
		}
		return odd
	}}
}
