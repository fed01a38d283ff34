package lab

import (
	"fmt"

	"github.com/weirgo/weir/internal/simulate"
)

// What must be reached where requests differ in how critical they are: the classes
// that fit are served, those for which nothing is left are not, and the capacity
// is used.
const (
	served   = 0.99
	unserved = 0.03
	used     = 0.97
)

// Classes returns the mixes of criticality, the least critical class first.
func Classes() []Case {
	equal := [simulate.NumClasses]float64{1, 1, 1, 1}
	fewTop := [simulate.NumClasses]float64{0, 5, 0, 1}
	manyTop := [simulate.NumClasses]float64{0, 1, 0, 5}
	return []Case{
		// Of three times the capacity the third class gets a third.
		mix("four equal classes", 3, equal, Line{
			Capacity: used,
			Classes:  [simulate.NumClasses]Bounds{0: {Most: unserved}, 1: {Most: unserved}, 3: {Least: served}},
		}),
		// Of one and a half the second class gets two thirds.
		mix("four equal classes", 1.5, equal, Line{
			Capacity: used,
			Classes:  [simulate.NumClasses]Bounds{0: {Most: unserved}, 3: {Least: served}},
		}),
		mix("one top to five lower", 1.5, fewTop, fewLine()),
		mix("one top to five lower", 3, fewTop, fewLine()),
		mix("five top to one lower", 1.5, manyTop, manyLine()),
		mix("five top to one lower", 3, manyTop, manyLine()),
	}
}

func fewLine() Line {
	return Line{Goodput: ofOther, Classes: [simulate.NumClasses]Bounds{3: {Least: served}}}
}

func manyLine() Line {
	return Line{Goodput: ofOther, Classes: [simulate.NumClasses]Bounds{1: {Most: unserved}}}
}

func mix(name string, load float64, shares [simulate.NumClasses]float64, line Line) Case {
	c := plain(name, load)
	c.Row = "criticality"
	c.Name = fmt.Sprintf("%s at %gx", name, load)
	c.Scenario.Classes = shares
	c.Spans[0].Line = line
	return c
}
