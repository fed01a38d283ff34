package timers

import (
	"context"
	"time"

	"github.com/RussellLuo/timingwheel"
	"github.com/antlabs/timer"
	gozero "github.com/zeromicro/go-zero/core/collection"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/stat"

	"github.com/weirgo/weir/collection"
)

func nothing() {}

// firing returns the function of the timer at a place.
func firing(fire func(int), place int) func() {
	if fire == nil {
		return nothing // shared by all: its memory is the user's
	}
	return func() { fire(place) }
}

type std struct {
	all  []*time.Timer
	fire func(int)
}

func newStd(places int, fire func(int)) table { return std{make([]*time.Timer, places), fire} }

func (s std) set(place int, d time.Duration) bool {
	s.all[place] = time.AfterFunc(d, firing(s.fire, place))
	return true
}

func (s std) move(place int, d time.Duration) bool { return s.all[place].Reset(d) }
func (s std) remove(place int) bool                { return s.all[place].Stop() }

func (s std) close() {
	for _, t := range s.all {
		if t != nil {
			t.Stop()
		}
	}
}

type plain struct {
	timers *collection.Timers
	all    []*collection.Timer
	fire   func(int)
}

func newPlain(places int, fire func(int)) table {
	return plain{collection.NewTimers(collection.TimersOptions{Tick: tick}), make([]*collection.Timer, places), fire}
}

func (p plain) set(place int, d time.Duration) bool {
	p.all[place] = p.timers.AfterFunc(d, firing(p.fire, place))
	return true
}

func (p plain) move(place int, d time.Duration) bool { return p.all[place].Reset(d) }
func (p plain) remove(place int) bool                { return p.all[place].Stop() }
func (p plain) close()                               { _ = p.timers.Close(context.Background()) }

// keyed has the place for a key and a pointer for a value.
type keyed struct {
	wheel *collection.TimingWheel[int, *int]
}

func newKeyed(_ int, fire func(int)) table {
	return keyed{collection.NewTimingWheel(collection.WheelOptions[int, *int]{
		Tick: tick,
		OnFire: func(place int, _ *int) {
			if fire != nil {
				fire(place)
			}
		},
	})}
}

func (k keyed) set(place int, d time.Duration) bool  { return k.wheel.Set(place, nil, d) == nil }
func (k keyed) move(place int, d time.Duration) bool { return k.wheel.Move(place, d) }

func (k keyed) remove(place int) bool {
	_, ok := k.wheel.Remove(place)
	return ok
}

func (k keyed) close() { _ = k.wheel.Close(context.Background()) }

// russell cannot move timers.
type russell struct {
	wheel *timingwheel.TimingWheel
	all   []*timingwheel.Timer
	fire  func(int)
}

func newRussell(places int, fire func(int)) table {
	w := timingwheel.NewTimingWheel(tick, 64)
	w.Start()
	return russell{w, make([]*timingwheel.Timer, places), fire}
}

func (r russell) set(place int, d time.Duration) bool {
	r.all[place] = r.wheel.AfterFunc(d, firing(r.fire, place))
	return true
}

func (r russell) move(place int, d time.Duration) bool {
	ok := r.remove(place)
	r.set(place, d)
	return ok
}

func (r russell) remove(place int) bool { return r.all[place].Stop() }
func (r russell) close()                { r.wheel.Stop() }

// antlabs's Reset waits for itself where the timer stays in its slot.
type antlabs struct {
	wheel timer.Timer
	all   []timer.TimeNoder
	fire  func(int)
}

func newAntlabs(places int, fire func(int)) table {
	w := timer.NewTimer(timer.WithTimeWheel())
	go w.Run()
	time.Sleep(2 * tick) // Run begins with now; what is set before would be late
	return antlabs{w, make([]timer.TimeNoder, places), fire}
}

func (a antlabs) set(place int, d time.Duration) bool {
	a.all[place] = a.wheel.AfterFunc(d, firing(a.fire, place))
	return true
}

func (a antlabs) move(place int, d time.Duration) bool {
	ok := a.remove(place)
	a.set(place, d)
	return ok
}

func (a antlabs) remove(place int) bool { return a.all[place].Stop() }
func (a antlabs) close()                { a.wheel.Stop() }

// zero hands all over to a goroutine, and cannot say whether a timer was pending. What
// it would log is turned off, as its users can.
type zero struct{ wheel *gozero.TimingWheel }

func newGozero(_ int, fire func(int)) table {
	logx.Disable()
	stat.DisableLog()
	w, err := gozero.NewTimingWheel(tick, 300, func(place, _ any) {
		if fire != nil {
			fire(place.(int))
		}
	})
	if err != nil {
		return impossible{}
	}
	return zero{w}
}

func (z zero) set(place int, d time.Duration) bool  { return z.wheel.SetTimer(place, nil, d) == nil }
func (z zero) move(place int, d time.Duration) bool { return z.wheel.MoveTimer(place, d) == nil }
func (z zero) remove(place int) bool                { return z.wheel.RemoveTimer(place) == nil }
func (z zero) close()                               { z.wheel.Stop() }

// impossible is found out by whoever measures it.
type impossible struct{}

func (impossible) set(int, time.Duration) bool  { return false }
func (impossible) move(int, time.Duration) bool { return false }
func (impossible) remove(int) bool              { return false }
func (impossible) close()                       {}
