package timers

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	earlyShare = "% early"
	p50Late    = "p50 ms late"
	p99Late    = "p99 ms late"
)

func accuracyLine(s Scale) suite.Line {
	var targets []suite.Target
	for _, name := range []string{plainName, keyedName} {
		targets = append(targets,
			suite.Metric(name, earlyShare, 0),
			suite.Metric(name, p99Late, (tick+2*time.Millisecond).Seconds()*1000))
	}
	return suite.Line{
		Name:    "timers, accuracy",
		Work:    fmt.Sprintf("%d timers fire within %v", s.Firing, 4*s.Earliest),
		Metrics: []string{earlyShare, p50Late, p99Late},
		Contenders: contenders(func(k kind) suite.Subject {
			return suite.Metered(func(suite.Setting) (map[string]float64, error) { return measureAccuracy(k, s) })
		}),
		Targets: targets,
		Rounds:  3,
		CPUs:    []int{2},
	}
}

// A volley knows when each of its timers is due, and when it fired.
type volley struct {
	start time.Time
	due   []time.Duration // since start
	late  []time.Duration // negative is early
	fired atomic.Int64
}

func (v *volley) fire(place int) {
	v.late[place] = time.Since(v.start) - v.due[place]
	v.fired.Add(1)
}

func measureAccuracy(k kind, s Scale) (map[string]float64, error) {
	runtime.GC() // the contender before has left much
	v := &volley{start: time.Now(), due: make([]time.Duration, s.Firing), late: make([]time.Duration, s.Firing)}
	t := k(s.Firing, v.fire)
	defer t.close()
	r := rand.New(rand.NewPCG(5, 6))
	for place := range v.due {
		d := s.Earliest + time.Duration(r.Int64N(int64(4*s.Earliest)))
		v.due[place] = time.Since(v.start) + d
		t.set(place, d)
	}
	// Who is this late has lost them.
	for end := time.Now().Add(5*s.Earliest + 5*time.Second); v.fired.Load() < int64(s.Firing); time.Sleep(tick) {
		if time.Now().After(end) {
			return nil, fmt.Errorf("of %d timers %d fired", s.Firing, v.fired.Load())
		}
	}
	return v.metrics(), nil
}

func (v *volley) metrics() map[string]float64 {
	slices.Sort(v.late)
	early, _ := slices.BinarySearch(v.late, 0)
	n := len(v.late)
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	return map[string]float64{
		earlyShare: 100 * float64(early) / float64(n),
		p50Late:    ms(v.late[n/2]),
		p99Late:    ms(v.late[n*99/100]),
	}
}
