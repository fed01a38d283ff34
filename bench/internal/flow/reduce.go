package flow

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	gozero "github.com/zeromicro/go-zero/core/mr"
	"golang.org/x/sync/errgroup"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/mr"
)

const workers = 16 // the default of Weir and go-zero

func reduceLine(s Scale) suite.Line {
	c := func(name, module string, run func(n int) int) suite.Contender {
		return contender(name, module, s.Items, s.Items, 2*gaussSum(s.Items), run)
	}
	return suite.Line{
		Name: "map-reduce, cheap items of a source",
		Work: fmt.Sprintf("one of %d numbers: double it on one of %d workers, and add it up", s.Items, workers),
		Contenders: []suite.Contender{
			c(weirName, weirModule, weirReduce),
			c(gozeroName, gozeroModule, gozeroReduce),
			c(errgroupName, xsyncModule, errgroupReduce),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 0.05, gozeroName), suite.Allocs(weirName, 0)},
		Rounds:  5,
	}
}

// filesLine has as many items as wordLine, and none of its work: it is what that line's
// pipeline costs by itself.
func filesLine(s Scale) suite.Line {
	c := func(name, module string, run func(n int) int) suite.Contender {
		return contender(name, module, s.Files, s.Files, 2*gaussSum(s.Files), run)
	}
	return suite.Line{
		Name: "map-reduce, as many items as files",
		Work: fmt.Sprintf("one of %d numbers: double it on one of %d workers, and add it up", s.Files, workers),
		Contenders: []suite.Contender{
			c(weirName, weirModule, weirReduce),
			c(gozeroName, gozeroModule, gozeroReduce),
			c(poolName, "", poolReduce),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 0.2, gozeroName)},
	}
}

func weirReduce(n int) int {
	double := func(_ context.Context, i int, yield func(int)) error { yield(2 * i); return nil }
	sum, err := mr.MapReduce(context.Background(), numbers(n), double, addUp, mr.Options{Workers: workers})
	if err != nil {
		return -1
	}
	return sum
}

func addUp(_ context.Context, results iter.Seq[int]) (sum int, err error) {
	for v := range results {
		sum += v
	}
	return sum, nil
}

func gozeroReduce(n int) int {
	return gozeroSum(n, func(i int) int { return 2 * i })
}

func gozeroSum(n int, f func(int) int) int {
	sum, err := gozero.MapReduce(
		func(source chan<- int) {
			for i := range n {
				source <- i
			}
		},
		func(i int, w gozero.Writer[int], _ func(error)) { w.Write(f(i)) },
		func(results <-chan int, w gozero.Writer[int], _ func(error)) {
			sum := 0
			for v := range results {
				sum += v
			}
			w.Write(sum)
		},
		gozero.WithWorkers(workers))
	if err != nil {
		return -1
	}
	return sum
}

// poolReduce has channels to and from its workers.
func poolReduce(n int) (sum int) {
	items, results := make(chan int, workers), make(chan int, workers)
	var pool sync.WaitGroup
	for range workers {
		pool.Go(func() {
			for i := range items {
				results <- 2 * i
			}
		})
	}
	go func() {
		for i := range n {
			items <- i
		}
		close(items)
		pool.Wait()
		close(results)
	}()
	for v := range results {
		sum += v
	}
	return sum
}

// errgroupReduce has a goroutine per item, and no reducer: it adds up as it goes.
func errgroupReduce(n int) int {
	return errgroupSum(n, func(i int) int { return 2 * i })
}

func errgroupSum(n int, f func(int) int) int {
	var g errgroup.Group
	var sum atomic.Int64
	g.SetLimit(workers)
	for i := range n {
		g.Go(func() error { sum.Add(int64(f(i))); return nil })
	}
	if g.Wait() != nil {
		return -1
	}
	return int(sum.Load())
}
