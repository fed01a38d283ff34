package timers

import (
	"fmt"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	setNs       = "Set ns"
	moveNs      = "Move ns"
	moveAgain   = "Move again ns"
	removeNs    = "Remove ns"
	removeAgain = "Remove again ns"
	allocsOfSet = "allocs/Set"
	heapOfOne   = "B/timer"

	// gone is the share of timers that may have fired meanwhile: of delays of up to
	// ten minutes, half a minute's.
	gone = 0.05
)

func pendingLine(s Scale) suite.Line {
	targets := []suite.Target{
		suite.MetricRatio(keyedName, setNs, 0.8, stdName),
		suite.MetricRatio(plainName, setNs, 0.5, stdName),
		suite.Metric(keyedName, heapOfOne, 120),
		suite.Metric(plainName, heapOfOne, 64),
	}
	for _, name := range []string{keyedName, plainName} {
		for _, metric := range []string{moveNs, moveAgain, removeNs, removeAgain} {
			targets = append(targets, suite.MetricRatio(name, metric, 1.2, stdName))
		}
	}
	return suite.Line{
		Name:    "timers, a million pending",
		Work:    "set one more; move, remove any of them, then some again and again; due in 1 s to 10 min",
		Metrics: []string{setNs, moveNs, moveAgain, removeNs, removeAgain, allocsOfSet, heapOfOne},
		Contenders: contenders(func(k kind) suite.Subject {
			return suite.Metered(func(at suite.Setting) (map[string]float64, error) { return measurePending(k, s.Pending, at) })
		}),
		Targets: targets,
		Rounds:  3,
	}
}

// measurePending keeps one contender's timers at a time. The table of what has no
// key, a pointer per timer, is made beforehand and not weighed.
func measurePending(k kind, n int, at suite.Setting) (map[string]float64, error) {
	at.Time /= 2 // each of many steps
	c := &crowd{table: k(2*n, nil), n: n, delays: delays(n), order: order(n)}
	defer c.close()
	before := suite.LiveHeap()
	for place, d := range c.delays {
		c.set(place, d)
	}
	m := map[string]float64{heapOfOne: (float64(suite.LiveHeap()) - float64(before)) / float64(n)}
	for _, step := range []struct {
		metric string
		again  bool
		loop   suite.Loop
		undo   func(all int)
	}{
		{setNs, true, c.setNew, c.removeNew},
		{moveNs, false, c.moveOld, nil},
		{removeNs, false, c.removeOld, c.setOld},
		{moveAgain, true, c.moveOld, nil},
		{removeAgain, true, c.removeOld, c.setOld},
	} {
		timed := suite.Timed{Loop: step.loop, Undo: func() { c.endLap(step.again, step.undo) }, MayBeOdd: gone}
		s, err := timed.Measure(at)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", step.metric, err)
		}
		if m[step.metric] = s.NsPerOp; step.metric == setNs {
			m[allocsOfSet] = s.AllocsPerOp
		}
	}
	if float64(c.lost) > gone*float64(n) {
		return nil, fmt.Errorf("%d timers were lost", c.lost)
	}
	return m, nil
}
