package caches

import (
	"errors"
	"runtime"

	"github.com/weirgo/weir/bench/internal/suite"
)

const perEntry = "B/entry"

func memoryLine(s Scale) suite.Line {
	return suite.Line{
		Name:    "cache, memory",
		Work:    "hold as many entries as there is room for; the keys are held by others",
		Metrics: []string{perEntry, "% held"},
		Contenders: contenders(func(k kind) suite.Subject {
			return suite.Metered(func(suite.Setting) (map[string]float64, error) { return measureMemory(k, s) })
		}),
		Targets: []suite.Target{suite.MetricRatio(weirName, perEntry, 1.25, otterName)},
		Rounds:  3,
		CPUs:    []int{2},
	}
}

func measureMemory(k kind, s Scale) (map[string]float64, error) {
	keys := names(s.Room)[:s.Room]
	before := suite.LiveHeap()
	c := k(s.Room)
	defer c.close()
	held := fill(c, keys)
	grown := float64(suite.LiveHeap()) - float64(before)
	if held == 0 {
		return nil, errors.New("nothing is held")
	}
	runtime.KeepAlive(c)
	return map[string]float64{perEntry: grown / float64(held), "% held": 100 * float64(held) / float64(s.Room)}, nil
}
