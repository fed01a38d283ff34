package lab

import "github.com/weirgo/weir/internal/simulate"

// A Subject is something that is measured. New makes one that has seen nothing yet,
// at the time when the simulation begins.
type Subject struct {
	Name string
	New  func() simulate.Guard
}

// Peers returns those whom the shedder is compared with, with their default options.
func Peers() []Subject {
	return []Subject{
		nothing(),
		gozeroIdle(), gozeroFull(),
		aegisIdle(), aegisBusy(),
		failsafeLimiter(), failsafeThrottler(),
		sony(),
	}
}

// nothing admits everything.
func nothing() Subject {
	done := func(bool) {}
	admit := func(simulate.Request) (func(bool), bool) { return done, true }
	return Subject{"no limiter", func() simulate.Guard { return simulate.GuardFunc(admit) }}
}

// Subjects are the shedder and its peers.
func Subjects() []Subject { return append([]Subject{Weir()}, Peers()...) }
