package flow

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	conc "github.com/sourcegraph/conc/iter"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/mr"
)

func sliceLine(s Scale) suite.Line {
	items := sync.OnceValue(func() []int { return slices.Collect(numbers(s.Items)) })
	c := func(name, module string, mapped func(items []int) []int) suite.Contender {
		return contender(name, module, s.Items, s.Items, 2*gaussSum(s.Items), func(int) int { return total(mapped(items())) })
	}
	return suite.Line{
		Name: "map, cheap items of a slice",
		Work: fmt.Sprintf("one of %d numbers: double it on several goroutines; then add all up on one", s.Items),
		Contenders: []suite.Contender{
			c(weirName, weirModule, weirSlice),
			c(concName, concModule, concSlice),
			c("conc, with errors", concModule, concSliceErr),
			c(poolName, "", poolSlice),
			c("hand pool, inlined", "", inlinedSlice),
			c("hand loop", "", loopSlice),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 0.5, concName), suite.Allocs(weirName, 0)},
	}
}

// foldLine is the same sum without a slice of results, which only Weir can do without.
func foldLine(s Scale) suite.Line {
	items := sync.OnceValue(func() []int { return slices.Collect(numbers(s.Items)) })
	c := func(name, module string, sum func(items []int) int) suite.Contender {
		return contender(name, module, s.Items, s.Items, 2*gaussSum(s.Items), func(int) int { return sum(items()) })
	}
	return suite.Line{
		Name: "map-reduce, cheap items of a slice",
		Work: fmt.Sprintf("one of %d numbers: double it on several goroutines, and add it up", s.Items),
		Contenders: []suite.Contender{
			c(weirName, weirModule, weirFold),
			c(concName, concModule, func(items []int) int { return total(concSlice(items)) }),
			c("hand loop", "", func(items []int) int { return total(loopSlice(items)) }),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 0.5, concName), suite.Allocs(weirName, 0)},
	}
}

func weirFold(items []int) int {
	double := func(_ context.Context, so, i int) (int, error) { return so + 2*i, nil }
	sum, err := mr.FoldSlice(context.Background(), items, double, func(a, b int) int { return a + b }, mr.Options{})
	if err != nil {
		return -1
	}
	return sum
}

func total(all []int) (sum int) {
	for _, v := range all {
		sum += v
	}
	return sum
}

func weirSlice(items []int) []int {
	double := func(_ context.Context, i int) (int, error) { return 2 * i, nil }
	all, err := mr.MapSlice(context.Background(), items, double, mr.Options{})
	if err != nil {
		return nil
	}
	return all
}

func concSlice(items []int) []int {
	return conc.Map(items, func(i *int) int { return 2 * *i })
}

// concSliceErr has the errors that Weir's functions may return, too.
func concSliceErr(items []int) []int {
	all, err := conc.MapErr(items, func(i *int) (int, error) { return 2 * *i, nil })
	if err != nil {
		return nil
	}
	return all
}

// poolSlice is the least that does what Weir is asked for: a function that is given
// a context and may fail, for each item, and the end of all at the first error. No
// function of that kind costs less.
func poolSlice(items []int) []int {
	double := func(_ context.Context, i int) (int, error) { return 2 * i, nil }
	all, ctx := make([]int, len(items)), context.Background()
	var failed atomic.Bool
	inChunks(len(items), func(from, to int) {
		if !mapSome(ctx, items[from:to], all[from:to], double, &failed) {
			failed.Store(true)
		}
	})
	if failed.Load() {
		return nil
	}
	return all
}

func mapSome(ctx context.Context, items, all []int, fn func(context.Context, int) (int, error), failed *atomic.Bool) bool {
	all = all[:len(items)]
	for at, i := range items {
		v, err := fn(ctx, i)
		if err != nil {
			return false
		}
		all[at] = v
		if failed.Load() {
			return true
		}
	}
	return true
}

// inlinedSlice has the function in the loop.
func inlinedSlice(items []int) []int {
	all := make([]int, len(items))
	inChunks(len(items), func(from, to int) {
		for at, i := range items[from:to] {
			all[from+at] = 2 * i
		}
	})
	return all
}

// inChunks calls do on as many goroutines as GOMAXPROCS.
func inChunks(n int, do func(from, to int)) {
	const chunk = 1024
	var next atomic.Int64
	var pool sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		pool.Go(func() {
			for to := int(next.Add(chunk)); to-chunk < n; to = int(next.Add(chunk)) {
				do(to-chunk, min(to, n))
			}
		})
	}
	pool.Wait()
}

func loopSlice(items []int) []int {
	all := make([]int, len(items))
	for at, i := range items {
		all[at] = 2 * i
	}
	return all
}
