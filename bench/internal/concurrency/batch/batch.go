// Package batch measures work that is done by many items at a time, on goroutines
// of its own: what an item costs, with its share of starting and ending all that.
package batch

import (
	"math"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

// For so much time of a setting, [suite.Timed] takes one lap, however long that
// gets. A lap here is one batch, or more where they are short.
const lapTime = 2 * time.Millisecond

// A Batch is a [suite.Subject] whose operations are items. It runs one batch at a
// time, whatever the setting: goroutines are up to Run.
type Batch struct {
	// Items is how many of them a batch has, at least 1.
	Items int
	// Run does one batch, and reports whether its result is right.
	Run func() (ok bool)

	timed *suite.Timed
	took  time.Duration // by the last batch
}

// Measure implements [suite.Subject]. It runs one batch at least, and as many as
// fit into the time of the setting.
func (b *Batch) Measure(s suite.Setting) (suite.Sample, error) {
	if b.timed == nil {
		b.timed = &suite.Timed{Loop: b.loop}
		b.loop(1)
	}
	laps := max(1, s.Time/max(b.took, lapTime))
	sample, err := b.timed.Measure(suite.Setting{CPUs: 1, Time: laps * lapTime})
	items := float64(b.Items)
	sample.NsPerOp /= items
	sample.BytesPerOp = math.Round(sample.BytesPerOp / items)
	sample.AllocsPerOp = math.Round(100*sample.AllocsPerOp/items) / 100
	sample.Waited /= float64(s.CPUs)
	return sample, err
}

func (b *Batch) loop(n int) (odd int) {
	for range n {
		start := time.Now()
		if !b.Run() {
			odd++
		}
		b.took = time.Since(start)
	}
	return odd
}
