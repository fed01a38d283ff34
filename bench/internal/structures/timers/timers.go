// Package timers compares timers of which very many are pending: what it costs to
// set, move and remove one, how much memory each takes, whether they fire when
// they should, and what they cost while they wait.
//
// All contenders have a tick of 10 ms, but for time.AfterFunc, which has none. None
// of them is called by its timers with work to do, so these are the figures of the
// timers alone. Those that cannot move a timer, or break when they do, stop it and
// set another one, as their users must.
//
// time.AfterFunc has no keys: a pointer is all that it takes to find a timer. So it
// is here three times: by pointer, and in a map with a mutex or a [sync.Map], as
// whoever has a key instead needs it.
package timers

import (
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirModule    = "github.com/weirgo/weir"
	russellModule = "github.com/RussellLuo/timingwheel"
	antlabsModule = "github.com/antlabs/timer"
	gozeroModule  = "github.com/zeromicro/go-zero"

	stdName   = "time.AfterFunc"
	keyedName = "weir, TimingWheel"
	plainName = "weir, Timers"

	tick = 10 * time.Millisecond
)

// A Scale says how large the lines are. Tests have a smaller one.
type Scale struct {
	Pending  int           // timers while some are set, moved and removed, or none is
	Firing   int           // timers that fire
	Earliest time.Duration // when the first of these does; the last does after five times that
	Idle     time.Duration // for how long nothing happens
}

// Full is the scale of the suite.
var Full = Scale{Pending: 1 << 20, Firing: 50_000, Earliest: 200 * time.Millisecond, Idle: 500 * time.Millisecond}

// Lines returns the lines about timers.
func Lines(s Scale) []suite.Line { return []suite.Line{pendingLine(s), accuracyLine(s), idleLine(s)} }

// A kind makes timers with so many places, numbered from 0. Where fire is not nil, it
// is called with the place of each timer that fires.
type kind func(places int, fire func(place int)) table

// A table is a set of timers by place. All but close may be called by several at a
// time, for different places.
type table interface {
	set(place int, d time.Duration) bool
	move(place int, d time.Duration) bool
	remove(place int) bool
	close() // everything that is pending goes
}

// contenders gives each kind the same subject.
func contenders(subject func(kind) suite.Subject) []suite.Contender {
	c := func(name, module string, k kind) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return subject(k) }}
	}
	return []suite.Contender{
		c(plainName, weirModule, newPlain),
		c(keyedName, weirModule, newKeyed),
		c(stdName, "", newStd),
		c("AfterFunc in a map", "", newMapped),
		c("AfterFunc in a sync.Map", "", newSynced),
		c("RussellLuo", russellModule, newRussell),
		c("antlabs", antlabsModule, newAntlabs),
		c("go-zero", gozeroModule, newGozero),
	}
}
