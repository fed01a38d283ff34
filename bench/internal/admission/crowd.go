package admission

import (
	"runtime"
	"sync"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

// A door is a limiter as the lines about shedding see it: one that admits calls, and
// wants to know of each how it ended.
type door[P any] struct {
	ask  func(call int) (permit P, admitted bool) // the number tells a caller's calls apart
	done func(P)                                  // the call went well
}

// A rhythm is how calls come and go: before so many of each hundred and twenty-eight
// another one ends.
//
// Where a limit has been reached this decides how many are refused, wherever the limit
// lies and however it moves: an end makes room for one, and whoever else asks finds
// none. So all limiters can be given the same work without being told what to do.
type rhythm int

const (
	beat = 128

	alone       rhythm = beat     // no crowd: each caller has one call at a time
	nearlyAll   rhythm = 120      // nearly all are admitted, at the limit
	everySecond rhythm = beat / 2 // as many are refused as are admitted
	hardlyAny   rhythm = 1        // nearly all are refused

	// strays is the share of calls that may fare otherwise: limits move.
	strays = 0.05
)

// ends reports whether a call ends before the one with that number begins. The ends
// are spread evenly.
func (r rhythm) ends(call int) bool { return call*int(r)%beat < int(r) }

// A crowd is all callers at one door.
type crowd[P any] struct {
	door   door[P]
	rhythm rhythm

	mu    sync.Mutex
	idle  []*caller[P] // those that no goroutine is at work for
	alms  []P          // what a caller has given away, for the next that has nothing
	asked bool         // a caller had nothing
}

// calls makes n calls, and returns how many were admitted or refused although at the
// limit they would not have been.
func (c *crowd[P]) calls(n int) (odd int) {
	who := c.enter()
	defer c.leave(who)
	for range n {
		odd += c.call(who)
	}
	return odd
}

// call ends a call if it is time for that, and makes one. Whoever holds more calls than
// ever has been refused too seldom, and who has none to end too often.
func (c *crowd[P]) call(who *caller[P]) (odd int) {
	if c.rhythm.ends(who.calls) {
		if who.count > 0 {
			c.door.done(who.oldest())
		} else {
			odd++
		}
	}
	if p, admitted := c.door.ask(who.calls); admitted {
		who.hold(p)
		if who.count > who.most {
			who.most = who.count
			odd++
		}
	}
	who.calls++
	return odd
}

func (c *crowd[P]) enter() *caller[P] {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.idle) - 1
	if last < 0 {
		return new(caller[P])
	}
	who := c.idle[last]
	c.idle = c.idle[:last]
	if who.count == 0 {
		c.give(who)
	}
	return who
}

// leave has the rich share with the poor. Who has nothing cannot end anything, and two
// callers who take each other's room all the time have nothing now and then.
func (c *crowd[P]) leave(who *caller[P]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, who)
	if who.count == 0 {
		c.asked = true
	} else if c.asked {
		c.asked = false
		for range who.count / 2 {
			c.alms = append(c.alms, who.oldest())
		}
	}
}

// give requires that c.mu is held.
func (c *crowd[P]) give(who *caller[P]) {
	for _, p := range c.alms {
		who.hold(p)
	}
	c.alms = c.alms[:0]
}

// gather has one caller per processor call in turns, so that they get equally much of
// the room, until the limiter has made up its mind: some go by nothing that is younger
// than a tenth of a second.
func (c *crowd[P]) gather() {
	callers := make([]caller[P], runtime.GOMAXPROCS(0))
	for start := time.Now(); time.Since(start) < 250*time.Millisecond; {
		for range beat {
			for i := range callers {
				c.call(&callers[i])
			}
		}
	}
	for i := range callers {
		c.leave(&callers[i])
	}
}

// crowded returns a constructor of subjects at whose door calls come and go in that
// rhythm. Each measurement has a new limiter, for what they learn from the time
// between two measurements is wrong.
func crowded[P any](r rhythm, open func() door[P]) func() suite.Subject {
	return func() suite.Subject {
		var c *crowd[P]
		return &suite.Timed{
			Prepare: func() {
				c = &crowd[P]{door: open(), rhythm: r}
				c.gather()
			},
			Loop:     func(n int) int { return c.calls(n) },
			MayBeOdd: strays,
		}
	}
}

// calm returns a constructor of subjects at whose door each call is over before the
// next begins.
func calm[P any](open func() door[P]) func() suite.Subject {
	return timed(func() suite.Loop {
		d := open()
		return func(n int) (odd int) {
			for call := range n {
				p, admitted := d.ask(call)
				if !admitted {
					odd++
					continue
				}
				d.done(p)
			}
			return odd
		}
	})
}
