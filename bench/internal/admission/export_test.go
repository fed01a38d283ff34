package admission

import (
	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"

	"github.com/weirgo/weir/bench/internal/suite"
)

// Beat is of how many calls the rhythms count.
const Beat = beat

// Crowded returns a subject at whose door before ends of each Beat calls another ends.
func Crowded(ends int, ask func(call int) bool, done func(call int)) suite.Subject {
	return crowded(rhythm(ends), func() door[int] {
		return door[int]{ask: func(call int) (int, bool) { return call, ask(call) }, done: done}
	})()
}

// CrowdedShedder returns a shedder of the suite after a crowd has filled it up.
func CrowdedShedder(ends int) *load.Shedder {
	s := newShedder()
	c := &crowd[weir.Permit]{door: weirTold(s), rhythm: rhythm(ends)}
	c.gather()
	return s
}
