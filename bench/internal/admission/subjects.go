package admission

import (
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

// probes is the share of calls that a breaker may admit while it refuses: those
// it lets through to learn whether the other side is back.
const probes = 0.01

// timed returns a constructor of subjects that run loop.
func timed(loop func() suite.Loop) func() suite.Subject {
	return func() suite.Subject { return &suite.Timed{Loop: loop()} }
}

// refusing returns a constructor of subjects that run loop, opened by failing
// calls before each measurement: breakers with a window forget.
func refusing(make func() (fail func() (refused bool), loop suite.Loop)) func() suite.Subject {
	return func() suite.Subject {
		fail, loop := make()
		return &suite.Timed{
			Loop:     loop,
			MayBeOdd: probes,
			Prepare:  func() { open(fail) },
		}
	}
}

// open makes failing calls until nearly all are refused. Breakers that wait for
// failures to last want them spread over some time. Whoever is still closed in the
// end is found out by the measurement.
func open(fail func() (refused bool)) {
	const calls = 20_000
	for start := time.Now(); time.Since(start) < 5*time.Second; time.Sleep(10 * time.Millisecond) {
		admitted := 0
		for range calls {
			if !fail() {
				admitted++
			}
		}
		if admitted <= calls/1000 {
			return
		}
	}
}

// weighed returns a constructor of subjects that weigh what used returns.
func weighed(used func() any) func() suite.Subject {
	return func() suite.Subject { return suite.Weighed{Instances: 1000, Make: used} }
}

// traffic is what a breaker sees before it is weighed: 200 calls, of which one in
// ten fails.
func traffic(succeed, fail func()) {
	for i := range 200 {
		if i%10 == 9 {
			fail()
		} else {
			succeed()
		}
	}
}
