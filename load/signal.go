package load

import (
	"errors"
	"time"

	"github.com/weirgo/weir"
)

// A Signal tells how loaded something is that a shedder cannot see by itself: the
// CPU, a queue in another library, a disk. [CPU], [RunQueue] and [Delay] make
// signals; any other is a literal.
//
// A shedder reads its signals on the goroutine of a call that comes along when a
// reading is due. While nobody calls, nothing is read.
type Signal struct {
	// Name tells the signal apart in Stats, metrics and reasons of refusals.
	Name string

	// Read returns the load: 1 and more is overloaded, below is not. How far above
	// 1 it is decides how fast traffic is refused. A shedder calls it from one
	// goroutine at a time, at most every 250 ms. It must not block for long, for a
	// call waits for it; other calls do not, and read the other signals meanwhile.
	// It may use the shedder. Should it fail, panic, not come back, or return what
	// is no load (negative, infinite, NaN), then the shedder goes on as if all were
	// calm, and Stats says why.
	Read func() (level float64, err error)

	// Sheds is the highest class of traffic that this signal alone may have
	// refused. Zero means [weir.SheddablePlus].
	Sheds weir.Criticality
}

func (s Signal) validate() error {
	switch {
	case s.Read == nil:
		return errors.New("load: Signal.Read must not be nil")
	case s.Sheds > weir.CriticalPlus:
		return errors.New("load: Signal.Sheds must be a criticality")
	}
	return nil
}

// Delay is the signal of a queue: how long read says that work waits in it,
// divided by limit. It panics if limit is not positive, or read is nil.
func Delay(name string, limit time.Duration, read func() time.Duration) Signal {
	if limit <= 0 {
		panic("load: Delay needs a positive limit")
	}
	if read == nil {
		panic("load: Delay needs a func that reads the delay")
	}
	return Signal{Name: name, Read: func() (float64, error) {
		return float64(read()) / float64(limit), nil
	}}
}
