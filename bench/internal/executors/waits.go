package executors

import (
	"context"
	"fmt"
	"slices"
	"time"

	gozero "github.com/zeromicro/go-zero/core/executors"
	"google.golang.org/api/support/bundler"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/executors"
)

const intervals = "intervals"

// fullBatch is how many items make a batch where waits are measured.
const fullBatch = 10

// arrived is when an item that is waited for was handled.
type arrived chan time.Time

// mark is an item that is waited for, or nil for one that is not.
type mark = arrived

func note(batch []mark) {
	for _, m := range batch {
		if m != nil {
			m <- time.Now()
		}
	}
}

// waitLine has a full batch before each lone item: who takes the full one for a sign
// that there is no hurry lets the other wait for twice the time.
func waitLine(s Scale) suite.Line {
	c := func(name, module string, add func(time.Duration) func(mark)) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
			hand := add(s.Interval)
			return suite.Metered(func(suite.Setting) (map[string]float64, error) { return measureWaits(hand, s) })
		}}
	}
	return suite.Line{
		Name:       "longest wait",
		Work:       fmt.Sprintf("a full batch, then a lone item: how long it waits for its handler, of %d the longest but one", s.Waits),
		Metrics:    []string{intervals},
		Rounds:     3,
		CPUs:       []int{2},
		Contenders: []suite.Contender{c(weirName, weirModule, weirWaits), c(gozeroName, gozeroModule, gozeroWaits), c(bundlerName, bundlerModule, bundlerWaits)},
		Targets:    []suite.Target{suite.Metric(weirName, intervals, 1.05)},
	}
}

// measureWaits leaves the longest wait out: on a machine that others use, too, it is
// seldom about what is measured.
func measureWaits(add func(mark), s Scale) (map[string]float64, error) {
	var waits []time.Duration
	for i := range s.Waits {
		for range fullBatch {
			add(nil)
		}
		// At another phase each time of what may tick.
		time.Sleep(s.Interval * time.Duration(i) / time.Duration(s.Waits))
		m := make(mark, 1)
		start := time.Now()
		add(m)
		waits = append(waits, (<-m).Sub(start))
	}
	slices.Sort(waits)
	long := waits[max(0, len(waits)-2)]
	return map[string]float64{intervals: float64(long) / float64(s.Interval)}, nil
}

func weirWaits(interval time.Duration) func(mark) {
	b := executors.NewBulk(executors.BulkOptions[mark]{Size: fullBatch, Interval: interval,
		Handle: func(_ context.Context, batch []mark) error { note(batch); return nil }})
	return func(m mark) { _ = b.Add(context.Background(), m) }
}

func gozeroWaits(interval time.Duration) func(mark) {
	b := gozero.NewBulkExecutor(func(batch []any) {
		for _, m := range batch {
			note([]mark{m.(mark)})
		}
	}, gozero.WithBulkTasks(fullBatch), gozero.WithBulkInterval(interval))
	return func(m mark) { _ = b.Add(m) }
}

func bundlerWaits(interval time.Duration) func(mark) {
	b := bundler.NewBundler(mark(nil), func(batch any) { note(batch.([]mark)) })
	b.DelayThreshold = interval
	b.BundleCountThreshold = fullBatch
	return func(m mark) { _ = b.AddWait(context.Background(), m, 1) }
}
