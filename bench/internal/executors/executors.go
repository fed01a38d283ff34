// Package executors compares what gathers items into batches, delays calls, and leaves
// some out: what handing over an item costs, how long it then waits, and what is left of
// an executor that nobody uses any more.
//
// Contenders of a line are called through a function value, which costs them all the
// same. None is given a signal to end, so that what each of them leaves behind shows.
package executors

import (
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirModule    = "github.com/weirgo/weir"
	gozeroModule  = "github.com/zeromicro/go-zero"
	bundlerModule = "google.golang.org/api"

	weirName    = "weir"
	gozeroName  = "go-zero"
	bundlerName = "bundler"
)

// A Scale says how large the lines are. Tests have a smaller one.
type Scale struct {
	Dropped  int           // executors that are made and dropped
	Waits    int           // items whose wait is measured, at a time of measuring
	Interval time.Duration // that they may wait
}

// Full is the scale of the suite.
var Full = Scale{Dropped: 20_000, Waits: 20, Interval: 50 * time.Millisecond}

// Suite returns the suite. Nothing is made before a line is measured.
func Suite() suite.Suite {
	return suite.Suite{
		Name:  "executors",
		About: "batches by count and bytes, delayed calls, calls left out",
		Lines: Lines(Full),
	}
}

// Lines returns the lines of the suite.
func Lines(s Scale) []suite.Line {
	return []suite.Line{
		bulkLine("bulk add, 24 bytes", "a struct of three words", item{1, 2, 3}, item.sum),
		bulkLine("bulk add, pointer", "a pointer", &item{1, 2, 3}, (*item).sumOf),
		chunkLine(), delayLine(), lessLine(), waitLine(s), droppedLine(s),
	}
}

// An item is what is handed over.
type item struct{ a, b, c int }

func (i item) sum() int    { return i.a + i.b + i.c }
func (i *item) sumOf() int { return i.sum() }

// contender is of work that make returns as a function, which does it once and reports
// whether that was right. Several goroutines may call it at a time.
func contender(name, module string, make func() func() bool) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
		once := make()
		return &suite.Timed{Loop: func(n int) (odd int) {
			for range n {
				if !once() {
					odd++
				}
			}
			return odd
		}}
	}}
}
