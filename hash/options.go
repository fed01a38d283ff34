package hash

import (
	"errors"
	"fmt"
	"reflect"
)

// RingOptions configures a [Ring].
type RingOptions[N comparable] struct {
	// Name returns what a node is called, by which alone its keys find it: the
	// same in all processes, and never changing while the node is in the ring. An
	// address or a number of a shard will do, the address of a pointer will not.
	// The default is the node itself where its type is a kind of string, else its
	// String method; a type that has neither needs a Name. It is called by Add,
	// Remove and SetNodes, on the goroutine of their caller and without locks.
	Name func(N) string

	// Label tells this ring apart in metrics.
	Label string

	// Slots is how many parts the keys are divided into, each of which belongs to
	// one node: a power of two from 64 to 16,777,216. The default is 262,144. With
	// n nodes of one weight, the share of a node is off by the square root of
	// n/Slots (2 % for 100 nodes by default) as a rule, that of the most loaded one
	// by three times as much; a share of fewer than some hundred slots is rough.
	// Memory and the cost of a change grow with it. All processes that are to
	// agree must have the same.
	Slots int

	// Load bounds what [Ring.Acquire] lets a node have in flight, to so many times
	// its fair share: 1.25 is a good value, and 1 the least. Closer bounds keep
	// fewer keys where Get has them. The default is no bound; negative is none, too.
	Load float64
}

const (
	defaultSlots = 1 << 18
	minSlots     = 1 << 6
	maxSlots     = 1 << 24
	maxLoad      = 1e6
)

// Validate returns what makes the options impossible, nil if nothing does.
func (o RingOptions[N]) Validate() error {
	o = o.withDefaults()
	switch {
	case o.Name == nil:
		return errors.New("hash: RingOptions.Name is needed where nodes are neither strings nor have a String method")
	case o.Slots < minSlots || o.Slots > maxSlots || o.Slots&(o.Slots-1) != 0:
		return errors.New("hash: RingOptions.Slots must be a power of two from 64 to 16777216")
	case !(o.Load <= 0) && !(o.Load >= 1 && o.Load <= maxLoad): // written so that NaN fails
		return errors.New("hash: RingOptions.Load must be 1 to 1000000, or 0 for none")
	}
	return nil
}

func (o RingOptions[N]) withDefaults() RingOptions[N] {
	if o.Slots == 0 {
		o.Slots = defaultSlots
	}
	if o.Name == nil {
		o.Name = usualName[N]()
	}
	return o
}

// usualName returns how nodes are called that have no Name, nil if N is of no use
// for that. A kind of string is taken as it is even if it has a String method,
// which may be made for people and not tell two nodes apart.
func usualName[N comparable]() func(N) string {
	t := reflect.TypeFor[N]()
	switch {
	case t.Kind() == reflect.String:
		return func(n N) string { return reflect.ValueOf(n).String() }
	case t.Implements(reflect.TypeFor[fmt.Stringer]()):
		return func(n N) string {
			if s, ok := any(n).(fmt.Stringer); ok {
				return s.String()
			}
			return "" // an interface without a value in it
		}
	}
	return nil
}
