package flow

import (
	"context"
	"fmt"
	"slices"
	"time"

	conc "github.com/sourcegraph/conc/iter"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/mr"
)

// sleepLine has the best peer differ from run to run, so Weir is held against each.
func sleepLine(s Scale) suite.Line {
	c := func(name, module string, run func(n int) int) suite.Contender {
		return contender(name, module, s.Sleeps, 1, gaussSum(s.Sleeps), run)
	}
	const slice = "weir, of a slice"
	ours := []string{weirName, slice}
	peers := []string{gozeroName, errgroupName, concName}
	var targets []suite.Target
	for _, name := range ours {
		for _, peer := range peers {
			targets = append(targets, suite.Ratio(name, 1.03, peer))
		}
		targets = append(targets, suite.Allocs(name, 99))
	}
	return suite.Line{
		Name: "map-reduce, sleeps",
		Work: fmt.Sprintf("%d times: sleep for 1 ms on one of %d workers, and add it up", s.Sleeps, workers),
		Contenders: []suite.Contender{
			c(weirName, weirModule, weirSleep),
			c(slice, weirModule, weirSleepSlice),
			c(gozeroName, gozeroModule, func(n int) int { return gozeroSum(n, sleepy) }),
			c(errgroupName, xsyncModule, func(n int) int { return errgroupSum(n, sleepy) }),
			c(concName, concModule, concSleep),
		},
		Targets: targets,
	}
}

// sleepy is what a remote call might be.
func sleepy(i int) int {
	time.Sleep(time.Millisecond)
	return i
}

func weirSleep(n int) int {
	call := func(_ context.Context, i int, yield func(int)) error { yield(sleepy(i)); return nil }
	sum, err := mr.MapReduce(context.Background(), numbers(n), call, addUp, mr.Options{Workers: workers})
	if err != nil {
		return -1
	}
	return sum
}

func weirSleepSlice(n int) int {
	call := func(_ context.Context, i int) (int, error) { return sleepy(i), nil }
	all, err := mr.MapSlice(context.Background(), slices.Collect(numbers(n)), call, mr.Options{Workers: workers})
	if err != nil {
		return -1
	}
	return total(all)
}

func concSleep(n int) int {
	mapper := conc.Mapper[int, int]{MaxGoroutines: workers}
	return total(mapper.Map(slices.Collect(numbers(n)), func(i *int) int { return sleepy(*i) }))
}
