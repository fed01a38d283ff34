package flow

import (
	"fmt"

	"github.com/samber/lo"
	"github.com/samber/lo/it"
	"github.com/samber/ro"
	gozero "github.com/zeromicro/go-zero/core/fx"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/fx"
)

func streamLine(s Scale) suite.Line {
	want := loopStream(s.Items)
	c := func(name, module string, run func(n int) int) suite.Contender {
		return contender(name, module, s.Items, s.Items, want, run)
	}
	return suite.Line{
		Name: "stream, map-filter-reduce",
		Work: fmt.Sprintf("one of %d numbers: square it, and add it up if that is even", s.Items),
		Contenders: []suite.Contender{
			c(weirName, weirModule, weirStream),
			c(gozeroName, gozeroModule, gozeroStream),
			c("ro", roModule, roStream),
			c("lo/it", loModule, loItStream),
			c("lo, of slices", loModule, loStream),
			c(seqName, "", seqStream),
			c("hand loop", "", loopStream),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 2, seqName), suite.Allocs(weirName, 0)},
		Rounds:  5,
	}
}

func square(i int) int   { return i * i }
func even(i int) bool    { return i%2 == 0 }
func add(sum, i int) int { return sum + i }

func weirStream(n int) int {
	return fx.Reduce(fx.Map(fx.From(numbers(n)), square).Filter(even), 0, add)
}

// gozeroStream has stages of 16 goroutines each, which is its default.
func gozeroStream(n int) int {
	sum, err := gozero.From(func(source chan<- any) {
		for i := range n {
			source <- i
		}
	}).
		Map(func(i any) any { return square(i.(int)) }).
		Filter(func(i any) bool { return even(i.(int)) }).
		Reduce(func(results <-chan any) (any, error) {
			sum := 0
			for i := range results {
				sum = add(sum, i.(int))
			}
			return sum, nil
		})
	if err != nil {
		return -1
	}
	return sum.(int)
}

func roStream(n int) int {
	sums, err := ro.Collect(ro.Pipe3(
		ro.Range(0, int64(n)),
		ro.Map(func(i int64) int { return square(int(i)) }),
		ro.Filter(even),
		ro.Reduce(add, 0)))
	if err != nil || len(sums) != 1 {
		return -1
	}
	return sums[0]
}

func loItStream(n int) int {
	return it.Reduce(it.Filter(it.Map(numbers(n), square), even), add, 0)
}

func loStream(n int) int {
	squares := lo.Map(lo.Range(n), func(i, _ int) int { return square(i) })
	evens := lo.Filter(squares, func(i, _ int) bool { return even(i) })
	return lo.Reduce(evens, func(sum, i, _ int) int { return add(sum, i) }, 0)
}

func loopStream(n int) (sum int) {
	for i := range n {
		if i = square(i); even(i) {
			sum = add(sum, i)
		}
	}
	return sum
}
