package flow

import (
	"context"
	"go/build"
	"io/fs"
	"iter"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	gozero "github.com/zeromicro/go-zero/core/mr"

	"github.com/weirgo/weir/bench/internal/concurrency/batch"
	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/mr"
)

// wordLine has map-reduce as it is meant: workers read files and count their words.
// With Weir and go-zero, large tallies go to a reducer. In the hand pool each worker
// keeps one to the end.
func wordLine(s Scale) suite.Line {
	root := filepath.Join(build.Default.GOROOT, "src", s.Tree)
	paths := sync.OnceValue(func() []string { return slices.Collect(filesUnder(root)) })
	want := sync.OnceValue(func() int { return wordsOneByOne(paths()) })
	c := func(name, module string, run func(root string) int) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
			words := want()
			return &batch.Batch{Items: len(paths()), Run: func() bool { return run(root) == words }}
		}}
	}
	return suite.Line{
		Name: "map-reduce, words in files",
		Work: "one file of the Go source tree: find it, read it and count its words, on GOMAXPROCS workers",
		Contenders: []suite.Contender{
			c(weirName, weirModule, weirWords),
			c(gozeroName, gozeroModule, gozeroWords),
			c(poolName, "", poolWords),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 1.2, poolName)},
		Rounds:  5,
	}
}

// filesUnder walks a tree that is there and may be read.
func filesUnder(root string) iter.Seq[string] {
	return func(yield func(string) bool) {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !yield(path) {
				return fs.SkipAll
			}
			return err
		})
	}
}

func weirWords(root string) int {
	b := newWordBook(2 * runtime.GOMAXPROCS(0))
	count := func(_ context.Context, path string, yield func(*tally)) error {
		if t := b.count(path); t != nil {
			yield(t)
		}
		return nil
	}
	add := func(_ context.Context, tallies iter.Seq[*tally]) (int, error) {
		for t := range tallies {
			b.add(t)
		}
		return 0, nil
	}
	_, err := mr.MapReduce(context.Background(), filesUnder(root), count, add, mr.Options{Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return -1
	}
	return b.sum()
}

func gozeroWords(root string) int {
	b := newWordBook(2 * runtime.GOMAXPROCS(0))
	walk := func(paths chan<- string) {
		for path := range filesUnder(root) {
			paths <- path
		}
	}
	count := func(path string, w gozero.Writer[*tally], _ func(error)) {
		if t := b.count(path); t != nil {
			w.Write(t)
		}
	}
	add := func(tallies <-chan *tally, w gozero.Writer[int], _ func(error)) {
		for t := range tallies {
			b.add(t)
		}
		w.Write(0)
	}
	_, err := gozero.MapReduce(walk, count, add, gozero.WithWorkers(runtime.GOMAXPROCS(0)))
	if err != nil {
		return -1
	}
	return b.sum()
}

// poolWords is what one writes by hand: a channel, and a map per worker.
func poolWords(root string) int {
	paths := make(chan string, 16)
	tallies := make([]*tally, runtime.GOMAXPROCS(0))
	var pool sync.WaitGroup
	for i := range tallies {
		tallies[i] = newTally()
		pool.Go(func() {
			for path := range paths {
				tallies[i].read(path)
			}
		})
	}
	for path := range filesUnder(root) {
		paths <- path
	}
	close(paths)
	pool.Wait()
	for _, t := range tallies[1:] {
		tallies[0].merge(t)
	}
	return tallies[0].sum()
}

func wordsOneByOne(paths []string) int {
	t := newTally()
	for _, path := range paths {
		t.read(path)
	}
	return t.sum()
}
