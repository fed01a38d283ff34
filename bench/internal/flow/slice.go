package flow

import (
	"context"
	"fmt"
	"slices"
	"sync"

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
			c("hand loop", "", loopSlice),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 0.5, concName), suite.Allocs(weirName, 0)},
	}
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

func loopSlice(items []int) []int {
	all := make([]int, len(items))
	for at, i := range items {
		all[at] = 2 * i
	}
	return all
}
