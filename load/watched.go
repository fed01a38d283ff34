package load

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// A watched is a signal, what it said last, and what it wants. The monitor's mu guards
// all but the Signal, which nobody changes.
type watched struct {
	Signal
	answer
	asked   bool  // it has not answered yet
	askedAt int64 // when it was asked last
	share   float64
	at      int64 // until when the share has been brought up to date, if it is not 0
	hotAt   int64 // when it was overloaded last, if share is not 0
}

// An answer is what a signal said.
type answer struct {
	level float64 // 0 if err is not nil
	err   error
}

var errEnded = errors.New("load: the signal's Read ended its goroutine")

// get asks for an answer. If read does not return, a stays as it is.
func (a *answer) get(read func() (float64, error)) {
	defer func() {
		if v := recover(); v != nil {
			a.err = fmt.Errorf("load: the signal's Read panicked: %v", v)
		}
	}()
	level, err := read()
	if err == nil && !(level >= 0 && level <= math.MaxFloat64) { // NaN, too
		err = fmt.Errorf("load: the signal's Read returned %v", level)
	}
	if err != nil {
		level = 0
	}
	a.level, a.err = level, err
}

// integrate takes the answer of now into the share. It counts for a pause, however
// long ago the one before was: nobody knows how loaded it was while nobody looked.
func (w *watched) integrate(now, coolOff int64) {
	if w.level < 1 {
		w.cool(now, coolOff)
		return
	}
	w.share = min(1, w.share+min(max((w.level-1)*0.5, 0.02), 0.25))
	w.hotAt = now
	w.at = max(w.at, now) // an answer may be older than what others did meanwhile
}

// cool lowers the share for what was after coolOff of the time since it was brought up
// to date last.
func (w *watched) cool(now, coolOff int64) {
	if w.share == 0 {
		return
	}
	if calm := min(now-w.at, now-w.hotAt-coolOff); calm > 0 {
		w.share *= math.Exp2(-float64(calm) / float64(pollPause))
	}
	w.at = max(w.at, now)
	if w.share < 0.01 {
		w.share = 0
	}
}

func (w *watched) stats(now int64) SignalStats {
	st := SignalStats{Name: w.Name, Level: w.level, Sheds: w.Sheds, Err: w.err, Squeeze: w.share}
	if since := now - w.askedAt; w.asked && since >= pollPause {
		st.Level = 0
		st.Err = fmt.Errorf("load: the signal's Read has not returned for %v", time.Duration(since).Round(time.Millisecond))
	}
	return st
}
