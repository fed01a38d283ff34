package load

import (
	"errors"
	"fmt"
	"math"
)

// A watched is a signal, what it said last, and what it wants. The holder of
// monitor.reading owns it.
type watched struct {
	Signal
	level float64 // 0 if err is not nil
	err   error
	share float64
	hotAt int64 // when it was overloaded last, if share is not 0
}

var errEnded = errors.New("load: the signal's Read ended its goroutine")

func (w *watched) read() {
	w.level, w.err = 0, errEnded
	defer func() {
		if v := recover(); v != nil {
			w.err = fmt.Errorf("load: the signal's Read panicked: %v", v)
		}
	}()
	level, err := w.Read()
	if err == nil && !(level >= 0 && level <= math.MaxFloat64) { // NaN, too
		level, err = 0, fmt.Errorf("load: the signal's Read returned %v", level)
	}
	if err != nil {
		level = 0
	}
	w.level, w.err = level, err
}

// integrate takes the reading of now into the share. Growth counts for all the
// time since the reading before, up to a second; decline for what of that time
// was after coolOff.
func (w *watched) integrate(now, elapsed, coolOff int64) {
	if w.level >= 1 {
		step := min(max((w.level-1)*0.5, 0.02), 0.25)
		w.share = min(1, w.share+step*float64(min(elapsed, longestRise))/float64(pollPause))
		w.hotAt = now
		return
	}
	if w.share == 0 {
		return
	}
	if calm := min(elapsed, now-w.hotAt-coolOff); calm > 0 {
		w.share *= math.Exp2(-float64(calm) / float64(pollPause))
	}
	if w.share < 0.01 {
		w.share = 0
	}
}
