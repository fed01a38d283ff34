package timers

import (
	"runtime/debug"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

const ofACore = "% of a core"

func idleLine(s Scale) suite.Line {
	return suite.Line{
		Name:    "timers, idle",
		Work:    "nothing: a million timers are due in an hour or two",
		Metrics: []string{ofACore},
		Contenders: contenders(func(k kind) suite.Subject {
			return suite.Metered(func(suite.Setting) (map[string]float64, error) { return measureIdle(k, s), nil })
		}),
		Targets: []suite.Target{
			suite.MetricAbove(plainName, ofACore, idleNoise, stdName),
			suite.MetricAbove(keyedName, ofACore, idleNoise, stdName),
		},
		Rounds: 3,
		CPUs:   []int{2},
	}
}

// idleNoise is by how many per cent of a core two idle programs may differ. Whoever
// wakes up a hundred times a second takes several times that.
const idleNoise = 0.1

// measureIdle measures the whole program. It has a goroutine that go-zero's packages
// start, whoever is measured; it looks at the load of the machine now and then.
func measureIdle(k kind, s Scale) map[string]float64 {
	t := k(s.Pending, nil)
	defer t.close()
	for place, d := range delays(s.Pending) {
		t.set(place, time.Hour+6*d)
	}
	// What the garbage collector still does in the background is not the timers'.
	debug.FreeOSMemory()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	time.Sleep(s.Idle / 3)

	start, ran := time.Now(), suite.ProcessorTime()
	time.Sleep(s.Idle)
	ran = suite.ProcessorTime() - ran
	return map[string]float64{ofACore: 100 * ran.Seconds() / time.Since(start).Seconds()}
}
